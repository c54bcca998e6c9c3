/** A slider, whose way up to the thumb is drawn fuller. */
import type { ComponentProps, CSSProperties } from "react";

interface Props extends Omit<ComponentProps<"input">, "type" | "min" | "max" | "value"> {
  min: number;
  max: number;
  value: number;
}

export function Slider({ style, ...props }: Props) {
  const { min, max, value } = props;
  const share = max > min ? Math.min(Math.max((value - min) / (max - min), 0), 1) : 0;
  return <input {...props} type="range" style={{ ...style, "--done": `${share * 100}%` } as CSSProperties} />;
}
