/** The look: a lab notebook. One green accent, paper and ink, serif headings over a system sans, hairlines for boxes. */
import {
  type CSSVariablesResolver,
  createTheme,
  defaultVariantColorsResolver,
  type MantineColorsTuple,
  type VariantColorsResolver,
} from "@mantine/core";

const spruce: MantineColorsTuple = [
  "#e9f3ee",
  "#d3e6dc",
  "#a9cfbd",
  "#8fd3b6",
  "#74cba6",
  "#3f9a77",
  "#2a7f60",
  "#1c6b50",
  "#155741",
  "#0e4231",
];
const ink: MantineColorsTuple = [
  "#e7eae6",
  "#c9cfca",
  "#a3ada6",
  "#7d8880",
  "#4c554f",
  "#353c37",
  "#262c28",
  "#1b1f1c",
  "#131614",
  "#0c0e0d",
];
const stone: MantineColorsTuple = [
  "#f8f8f5",
  "#efefe9",
  "#e5e5dd",
  "#d8d8ce",
  "#bebeb3",
  "#99998e",
  "#6d716b",
  "#535953",
  "#343935",
  "#1b1f1d",
];

/** Text and ground of each tone, as variables that change with the scheme: Mantine's own pairs miss AA in one of the two. */
const TONE: Record<string, { text: string; ground: string }> = {
  spruce: { text: "var(--accent)", ground: "var(--accent-soft)" },
  green: { text: "var(--accent)", ground: "var(--accent-soft)" },
  yellow: { text: "var(--warn)", ground: "var(--warn-soft)" },
  orange: { text: "var(--warn)", ground: "var(--warn-soft)" },
  red: { text: "var(--bad)", ground: "var(--bad-soft)" },
  gray: { text: "var(--mantine-color-text)", ground: "var(--surface-sunk)" },
};

const resolveVariant: VariantColorsResolver = (input) => {
  const colors = defaultVariantColorsResolver(input);
  const name = input.color ?? input.theme.primaryColor;
  const tone = TONE[name];
  if (input.variant === "filled" && name === input.theme.primaryColor)
    return { ...colors, color: "var(--on-accent)" };
  if (input.variant === "filled" && name === "red") {
    return {
      ...colors,
      background: "var(--mantine-color-red-9)",
      hover: "var(--mantine-color-red-8)",
      color: "#fff",
    };
  }
  if (input.variant === "light" && tone) return { ...colors, color: tone.text, background: tone.ground };
  return colors;
};

export const theme = createTheme({
  variantColorResolver: resolveVariant,
  primaryColor: "spruce",
  primaryShade: { light: 7, dark: 4 },
  colors: { spruce, dark: ink, gray: stone },
  autoContrast: true,
  black: "#1b1f1d",
  defaultRadius: "sm",
  cursorType: "pointer",
  respectReducedMotion: true,
  fontFamily:
    '-apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Noto Sans", Cantarell, Ubuntu, system-ui, sans-serif',
  fontFamilyMonospace:
    'ui-monospace, "SF Mono", Menlo, Consolas, "Noto Sans Mono", "Liberation Mono", monospace',
  headings: {
    fontFamily:
      'Charter, "Bitstream Charter", "Iowan Old Style", "Sitka Text", "Noto Serif", Cambria, Georgia, serif',
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "1.625rem", lineHeight: "1.25" },
      h2: { fontSize: "1.25rem", lineHeight: "1.3" },
      h3: { fontSize: "1.0625rem", lineHeight: "1.35" },
      h4: { fontSize: "0.9375rem", lineHeight: "1.4" },
    },
  },
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.125rem" },
  lineHeights: { xs: "1.4", sm: "1.45", md: "1.5", lg: "1.55", xl: "1.6" },
  spacing: { xs: "0.5rem", sm: "0.75rem", md: "1rem", lg: "1.5rem", xl: "2.25rem" },
  radius: { xs: "2px", sm: "5px", md: "8px", lg: "12px", xl: "20px" },
  components: {
    Tooltip: {
      defaultProps: { withArrow: true, openDelay: 300, events: { hover: true, focus: true, touch: false } },
    },
    CloseButton: { defaultProps: { "aria-label": "Close" } },
    SegmentedControl: { defaultProps: { bg: "var(--surface-sunk)" } },
    // As ui/Dialog, with what is drawn in global.css.
    Modal: { defaultProps: { centered: true, radius: "md", xOffset: "0.75rem", yOffset: "0.75rem" } },
    // What was typed is refused with a message, never changed behind the back.
    NumberInput: { defaultProps: { clampBehavior: "none" } },
    Badge: { defaultProps: { radius: "sm", variant: "light" } },
  },
});

/** Our own names for surfaces and lines; module styles use these and never a colour of their own. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#f6f6f2",
    "--mantine-color-text": "#1b1f1d",
    "--mantine-color-dimmed": "#5a625d",
    "--mantine-color-placeholder": "#6d716b",
    "--mantine-color-error": "#b3261e",
    "--mantine-color-anchor": "#1c6b50",
    "--mantine-color-default-border": "#cfcfc5",
    "--surface": "#ffffff",
    "--surface-sunk": "#efefe9",
    "--line": "#deded5",
    "--line-strong": "#8a8e86",
    "--accent": "#1c6b50",
    "--accent-soft": "#e5f0ea",
    "--on-accent": "#ffffff",
    "--warn": "#8a5a00",
    "--warn-soft": "#faf0d9",
    "--bad": "#b3261e",
    "--bad-soft": "#fbe9e7",
  },
  dark: {
    "--mantine-color-body": "#131614",
    "--mantine-color-text": "#e7eae6",
    "--mantine-color-dimmed": "#a3ada6",
    "--mantine-color-placeholder": "#8b968e",
    "--mantine-color-error": "#f2938c",
    "--mantine-color-anchor": "#74cba6",
    "--mantine-color-default-border": "#3d4540",
    "--surface": "#1b1f1c",
    "--surface-sunk": "#232825",
    "--line": "#323834",
    "--line-strong": "#7d8880",
    "--accent": "#74cba6",
    "--accent-soft": "#1d3229",
    "--on-accent": "#0c1a14",
    "--warn": "#e5b454",
    "--warn-soft": "#33290f",
    "--bad": "#f2938c",
    "--bad-soft": "#3a1d1b",
  },
});
