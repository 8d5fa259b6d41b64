import { createSlice, type PayloadAction } from "@reduxjs/toolkit";
import type { ThemeName } from "./tokens";

const KEY = "optionix.theme";

/** The stored choice, else what the system asks for. */
export function initialTheme(): ThemeName {
  const stored = globalThis.localStorage?.getItem(KEY);
  if (stored === "dark" || stored === "light") return stored;
  return globalThis.matchMedia?.("(prefers-color-scheme: light)").matches ? "light" : "dark";
}

/** Shows a theme and remembers it. */
export function applyTheme(name: ThemeName): void {
  document.documentElement.dataset.theme = name;
  localStorage.setItem(KEY, name);
}

const slice = createSlice({
  name: "theme",
  initialState: initialTheme,
  reducers: { themeChosen: (_, action: PayloadAction<ThemeName>) => action.payload },
});

export const { themeChosen } = slice.actions;
export const themeReducer = slice.reducer;
