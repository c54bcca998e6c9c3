/** What a widget is: the form of an input, chosen by its schema and the service's hint; no node has its own. */
import type { FC } from "react";
import type { Input } from "~/catalog/catalog";

export interface WidgetProps {
  input: Input;
  /** The value in the document, or the default where there is none. */
  value: unknown;
  isDefault: boolean;
  label: string;
  /** Names the node and input, unique on the page. */
  id: string;
  node: string;
  /** Sets the value; steps of one `gesture` are one step to undo. */
  set(value: unknown, gesture?: string): void;
  /** Whether it stands in the inspector, where there is room. */
  isWide?: boolean;
}

export interface Widget {
  /** Whether it stands beside its name in a panel, and not below it. */
  isSmall?: boolean;
  kind: string;
  match(input: Input): boolean;
  /** The height in pixels that it takes on a node, its label included. */
  height(input: Input): number;
  /** Whether it shows the name of the input itself, or needs none. */
  isLabelled?: boolean;
  View: FC<WidgetProps>;
}

export const ROW = 24;

export function number(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

export const hint = (input: Input): string => String(input.widget?.kind ?? "");
