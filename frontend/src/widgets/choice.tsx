/** One of several words, or a file: a button whose list comes when it is opened, with a field to search in it. */

import { Command } from "cmdk";
import { ChevronDown, Upload } from "lucide-react";
import { Popover } from "radix-ui";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { pictureUrl, service } from "~/api/service";
import { t } from "~/i18n/language";
import { modelsOf } from "~/run/tokens";
import { complain } from "~/ui/notices";
import { isOffered } from "~/widgets/offered";
import { ROW, type Widget, type WidgetProps } from "./widget";

interface Option {
  value: string;
  label: string;
  /** The address of a picture of it. */
  picture?: string | undefined;
}

interface ListProps extends WidgetProps {
  options: readonly Option[];
  onOpen?(): void;
  foot?: ReactNode;
}

function ChoiceList({ value, label, id, set, options, onOpen, foot }: ListProps) {
  const [isOpen, setOpen] = useState(false);
  const shown = options.find((option) => option.value === value)?.label ?? String(value ?? "");
  const change = (open: boolean) => {
    if (open) onOpen?.();
    setOpen(open);
  };
  return (
    <Popover.Root open={isOpen} onOpenChange={change}>
      <Popover.Trigger asChild>
        <button
          type="button"
          id={id}
          className="choice nodrag"
          aria-label={`${label}: ${shown || t("choice.nothing")}`}
          title={shown}
        >
          <span>{shown || t("choice.choose")}</span>
          <ChevronDown size={11} aria-hidden />
        </button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="popover" aria-label={label} align="end" sideOffset={4} collisionPadding={8}>
          <Command loop defaultValue={String(value ?? "")} label={label}>
            <Command.Input placeholder={t("list.search")} autoFocus className={options.length > 8 ? "" : "hidden"} />
            <Command.List>
              <Command.Empty>{t("list.none")}</Command.Empty>
              {options.map((option) => (
                <Command.Item
                  key={option.value}
                  value={option.value}
                  keywords={[option.label]}
                  data-chosen={option.value === value}
                  onSelect={() => {
                    set(option.value);
                    setOpen(false);
                  }}
                >
                  {option.picture && <img src={option.picture} alt="" loading="lazy" decoding="async" />}
                  <span>{option.label}</span>
                </Command.Item>
              ))}
            </Command.List>
          </Command>
          {foot}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function ChoiceView(props: WidgetProps) {
  const words = (props.input.schema.enum as string[] | undefined) ?? [];
  return <ChoiceList {...props} options={words.map((word) => ({ value: word, label: word }))} />;
}

function FileView(props: WidgetProps) {
  const { input, set } = props;
  const [options, setOptions] = useState<readonly Option[]>([]);
  const picker = useRef<HTMLInputElement>(null);
  const isAlive = useRef(true);
  useEffect(() => {
    isAlive.current = true;
    return () => {
      isAlive.current = false;
    };
  }, []);
  const load = async () => {
    const roots = input.roots ?? [];
    const found = await Promise.all(roots.map((root) => service.files(root).catch(() => ({ files: [] }))));
    const models = await modelsOf().catch(() => null);
    const listed = found.flatMap(({ files }, index) =>
      files
        .filter(({ reference }) => isOffered(reference, input, models?.get(reference)?.role))
        .map(({ reference }) => ({
          ...optionOf(reference, roots[index] ?? "", index === 0),
          picture: models?.get(reference)?.preview ?? pictureOf(reference),
        })),
    );
    if (isAlive.current) setOptions(listed);
  };
  const upload = async (file: File) => {
    try {
      set((await service.upload(file)).reference);
    } catch (error) {
      complain(error);
    }
  };
  const foot = (
    <button type="button" className="foot" onClick={() => picker.current?.click()}>
      <Upload size={12} aria-hidden /> {t("choice.upload")}
    </button>
  );
  return (
    <>
      <ChoiceList {...props} options={options} onOpen={() => void load()} foot={foot} />
      <input
        ref={picker}
        type="file"
        hidden
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) void upload(file);
        }}
      />
    </>
  );
}

const PICTURE = /\.(png|jpe?g|webp|gif|avif)$/i;

const pictureOf = (reference: string) => (PICTURE.test(reference) ? pictureUrl(reference) : undefined);

/** A plain path is looked up in the first root first, so there the name of the root says nothing. */
function optionOf(reference: string, root: string, isFirst: boolean): Option {
  const plain = reference.slice(root.length + 1);
  return { value: isFirst ? plain : reference, label: plain };
}

export const choiceWidget: Widget = {
  kind: "choice",
  match: (input) => Array.isArray(input.schema.enum),
  height: () => ROW,
  View: ChoiceView,
};

export const fileWidget: Widget = {
  kind: "file",
  match: (input) => input.type === "File",
  height: () => ROW,
  View: FileView,
};
