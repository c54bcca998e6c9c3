/** How much of nodes is drawn at a zoom: one subscriber tells all nodes, and not before the border is well behind. */
import { useStore } from "@xyflow/react";
import { createContext, type ReactNode, startTransition, useContext, useEffect, useState } from "react";

export type Tier = "near" | "middle" | "far";

const MIDDLE = 0.7;
const FAR = 0.38;
const SLACK = 1.08;

const Detail = createContext<Tier>("near");

export const useDetail = () => useContext(Detail);

export function tierAt(zoom: number, before: Tier): Tier {
  const [middle, far] = [before === "near" ? MIDDLE : MIDDLE * SLACK, before === "far" ? FAR * SLACK : FAR];
  if (zoom < far) return "far";
  return zoom < middle ? "middle" : "near";
}

interface Props {
  /** At the beginning. */
  zoom: number;
  children: ReactNode;
}

export function DetailProvider({ zoom, children }: Props) {
  const [tier, setTier] = useState<Tier>(() => tierAt(zoom, "near"));
  const wanted = useStore((state) => (state.domNode ? tierAt(state.transform[2], tier) : tier));
  useEffect(() => {
    if (wanted !== tier) startTransition(() => setTier(wanted));
  }, [wanted, tier]);
  return <Detail value={tier}>{children}</Detail>;
}
