/** A colour picked by hand, or written. */
import { HexColorInput, HexColorPicker } from "react-colorful";
import { t } from "~/i18n/language";

export default function Picker({ colour, onChange }: { colour: string; onChange(colour: string): void }) {
  return (
    <>
      <HexColorPicker color={colour} onChange={onChange} />
      <HexColorInput
        className="line written"
        prefixed
        color={colour}
        onChange={onChange}
        aria-label={t("colour.hex")}
      />
    </>
  );
}
