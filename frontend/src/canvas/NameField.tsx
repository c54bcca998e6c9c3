/** The field in which a name is written on the canvas: Enter and leaving it keep the name, Escape does not. */
import { useRef, useState } from "react";

interface Props {
  name: string;
  label: string;
  placeholder?: string;
  /** Called once, with the name to keep, or with null. */
  end(name: string | null): void;
}

/** What was written is kept as long as the field stands: mount it anew for each writing. */
export function NameField({ name, label, placeholder, end }: Props) {
  const [text, setText] = useState(name);
  const isOver = useRef(false);
  const finish = (isKept: boolean) => {
    if (isOver.current) return; // it is left once it is gone
    isOver.current = true;
    end(isKept && text !== name ? text : null);
  };
  return (
    <input
      className="nodrag nopan"
      aria-label={label}
      placeholder={placeholder}
      // biome-ignore lint/a11y/noAutofocus: it was just asked for
      autoFocus
      value={text}
      onFocus={(event) => event.target.select()}
      onChange={(event) => setText(event.target.value)}
      onBlur={() => finish(true)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter" || event.key === "Escape") finish(event.key === "Enter");
      }}
    />
  );
}
