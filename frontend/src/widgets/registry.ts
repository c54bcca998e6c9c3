/** The widgets, the most special first; a new one is a file beside this and a line here. */
import { type Input, isWritable } from "~/catalog/catalog";
import { choiceWidget, fileWidget } from "./choice";
import { curveWidget } from "./curve";
import { numberWidget, sliderWidget } from "./number";
import { booleanWidget, colourWidget, jsonWidget } from "./others";
import { promptWidget } from "./prompt";
import { recordsWidget } from "./records";
import { seedWidget } from "./seed";
import { linesWidget, lineWidget } from "./text";
import type { Widget } from "./widget";

export const WIDGETS: readonly Widget[] = [
  fileWidget,
  curveWidget,
  recordsWidget,
  choiceWidget,
  seedWidget,
  sliderWidget,
  numberWidget,
  booleanWidget,
  colourWidget,
  promptWidget,
  linesWidget,
  lineWidget,
  jsonWidget,
];

/** The widget of an input, or null where only a link brings it a value. */
export function widgetOf(input: Input): Widget | null {
  return isWritable(input) ? (WIDGETS.find((widget) => widget.match(input)) ?? jsonWidget) : null;
}
