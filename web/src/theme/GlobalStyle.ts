import { createGlobalStyle } from "styled-components";
import { paletteCss, scaleCss } from "./tokens";

export const GlobalStyle = createGlobalStyle`
  :root { ${scaleCss} ${paletteCss("dark")} color-scheme: dark; }
  :root[data-theme="light"] { ${paletteCss("light")} color-scheme: light; }

  *, *::before, *::after { box-sizing: border-box; }
  html, body, #root { height: 100%; }
  body {
    margin: 0;
    background: var(--canvas);
    color: var(--text);
    font: 400 var(--text-md)/1.45 var(--font-ui);
    font-variant-numeric: tabular-nums;
    -webkit-font-smoothing: antialiased;
  }
  h1, h2, h3, p { margin: 0; }
  button, input, select { font: inherit; color: inherit; }
  a { color: inherit; text-decoration: none; }
  table { border-collapse: collapse; width: 100%; }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
  ::selection { background: var(--accent-soft); }

  @media (prefers-reduced-motion: reduce) {
    *, *::before, *::after { animation: none !important; transition: none !important; }
  }
`;
