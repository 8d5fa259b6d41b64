/** The page's design in one place. Components name a role (`surface`, `up`), never a colour or a pixel. */

export type ThemeName = "dark" | "light";

interface Palette {
  canvas: string;
  surface: string;
  raised: string;
  hover: string;
  line: string;
  lineStrong: string;
  text: string;
  muted: string;
  faint: string;
  accent: string;
  accentText: string;
  accentSoft: string;
  up: string;
  upSoft: string;
  down: string;
  downSoft: string;
  warn: string;
  warnSoft: string;
  moneyness: string;
  shadow: string;
}

/** Text on its own ground reaches a contrast of 4.5 in both themes. */
export const palettes: Record<ThemeName, Palette> = {
  dark: {
    canvas: "#0b0e13",
    surface: "#11151c",
    raised: "#171c25",
    hover: "#1d2430",
    line: "#222a36",
    lineStrong: "#344051",
    text: "#e6ebf2",
    muted: "#9aa7b8",
    faint: "#7d8a9c",
    accent: "#4cc2a5",
    accentText: "#06231c",
    accentSoft: "rgba(76, 194, 165, 0.14)",
    up: "#3fcf8e",
    upSoft: "rgba(63, 207, 142, 0.16)",
    down: "#ff7a7a",
    downSoft: "rgba(255, 122, 122, 0.16)",
    warn: "#f0b44c",
    warnSoft: "rgba(240, 180, 76, 0.14)",
    moneyness: "rgba(76, 194, 165, 0.07)",
    shadow: "0 8px 28px rgba(0, 0, 0, 0.45)",
  },
  light: {
    canvas: "#f4f6f9",
    surface: "#ffffff",
    raised: "#fafbfd",
    hover: "#eef2f7",
    line: "#dfe5ec",
    lineStrong: "#bcc7d4",
    text: "#131a24",
    muted: "#536175",
    faint: "#66748a",
    accent: "#0b7a61",
    accentText: "#ffffff",
    accentSoft: "rgba(11, 122, 97, 0.10)",
    up: "#0a7a4a",
    upSoft: "rgba(10, 122, 74, 0.12)",
    down: "#c02f3a",
    downSoft: "rgba(192, 47, 58, 0.10)",
    warn: "#8f5d00",
    warnSoft: "rgba(143, 93, 0, 0.10)",
    moneyness: "rgba(11, 122, 97, 0.05)",
    shadow: "0 8px 24px rgba(20, 32, 48, 0.12)",
  },
};

/** Sizes that do not change with the theme. Spacing is a scale of 4 px, type a scale of about 1.15. */
const scale = {
  "space-1": "4px",
  "space-2": "8px",
  "space-3": "12px",
  "space-4": "16px",
  "space-5": "24px",
  "space-6": "32px",
  "text-xs": "11px",
  "text-sm": "12.5px",
  "text-md": "14px",
  "text-lg": "16px",
  "text-xl": "20px",
  "text-2xl": "26px",
  radius: "8px",
  "radius-sm": "5px",
  row: "30px",
  "font-ui": 'Inter, "Segoe UI", system-ui, -apple-system, "Helvetica Neue", Arial, sans-serif',
  "font-figures": '"JetBrains Mono", "SF Mono", ui-monospace, Menlo, Consolas, monospace',
};

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const declarations = (values: object) =>
  Object.entries(values)
    .map(([name, value]) => `--${kebab(name)}: ${value};`)
    .join("\n");

/** CSS custom properties of a theme. */
export const paletteCss = (name: ThemeName) => declarations(palettes[name]);
export const scaleCss = declarations(scale);
