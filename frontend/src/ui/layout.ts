/** What is open around the canvas, and in which light; kept for the next visit. */
import { create } from "zustand";
import { persist } from "zustand/middleware";

export type Theme = "dark" | "light" | "system";

interface Layout {
  inspector: boolean;
  dock: boolean;
  theme: Theme;
}

export const useLayout = create<Layout>()(
  persist((): Layout => ({ inspector: true, dock: true, theme: "system" }), { name: "graphengine.layout" }),
);

export function applyTheme(theme: Theme): void {
  const isLight = theme === "light" || (theme === "system" && matchMedia("(prefers-color-scheme: light)").matches);
  document.documentElement.dataset.theme = isLight ? "light" : "dark";
}

export function watchTheme(): void {
  applyTheme(useLayout.getState().theme);
  useLayout.subscribe(({ theme }) => applyTheme(theme));
  matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => applyTheme(useLayout.getState().theme));
}

export const nextTheme: Record<Theme, Theme> = { system: "dark", dark: "light", light: "system" };
