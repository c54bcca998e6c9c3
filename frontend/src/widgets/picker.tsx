import { HexColorPicker } from "react-colorful";

export default function Picker({ colour, onChange }: { colour: string; onChange(colour: string): void }) {
  return <HexColorPicker color={colour} onChange={onChange} />;
}
