import { ActionIcon, Badge } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { type CSSProperties, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import classes from "@/features/labeling/task/PromptPane.module.css";
import { usePromptWidth } from "@/features/labeling/task/preferences";
import type { Assignment } from "@/features/labeling/task/types";
import { Conversation } from "@/ui/Conversation";
import { CopyIcon } from "@/ui/CopyButton";
import { Separator } from "@/ui/Separator";
import { Tooltip } from "@/ui/Tooltip";

type PromptPaneProps = {
  prompt: Assignment["prompt"];
  isOpen: boolean;
  onToggle: () => void;
  isPlain: boolean;
};

export function PromptPane({ prompt, isOpen, onToggle, isPlain }: PromptPaneProps) {
  const { t } = useTranslation();
  const pane = useRef<HTMLElement>(null);
  const [width, setWidth] = usePromptWidth();
  const isSized = typeof width === "number" && width > 0;
  const style = isSized ? ({ "--prompt-width": `${width}px` } as CSSProperties) : undefined;
  return (
    <section
      ref={pane}
      className={classes.prompt}
      style={style}
      aria-labelledby="prompt-title"
      data-open={isOpen || undefined}
    >
      <div className={classes.inside}>
        <PromptHeader prompt={prompt} isOpen={isOpen} onToggle={onToggle} />
        {isOpen && (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be reachable by keyboard
          <section className={classes.body} tabIndex={0} aria-label={t("Text of the prompt")}>
            {prompt.deployment_context && (
              <p className={classes.context} dir="auto">
                {prompt.deployment_context}
              </p>
            )}
            <Conversation messages={prompt.messages} isPlain={isPlain} isFewShot={prompt.is_few_shot} />
          </section>
        )}
      </div>
      {isOpen && <PromptLine pane={pane} width={isSized ? width : null} setWidth={setWidth} />}
    </section>
  );
}

type PromptHeaderProps = Pick<PromptPaneProps, "prompt" | "isOpen" | "onToggle">;

function PromptHeader({ prompt, isOpen, onToggle }: PromptHeaderProps) {
  const { t } = useTranslation();
  const Chevron = isOpen ? IconChevronDown : IconChevronRight;
  const text = prompt.messages.map(({ content }) => content).join("\n\n");
  return (
    <header className={classes.header}>
      <h2 id="prompt-title" className={classes.title}>
        {t("Prompt")}
      </h2>
      <Badge color="gray" tt="none">
        {t(prompt.use_case.replace("_", " "))}
      </Badge>
      {prompt.is_closed_domain && (
        <Tooltip label={t("The prompt holds everything that the answer needs.")} maw={260}>
          <Badge color="gray" tt="none" tabIndex={0}>
            {t("closed domain")}
          </Badge>
        </Tooltip>
      )}
      <span className={classes.tools}>
        <CopyIcon value={text} label={t("Copy the prompt")} />
        <Tooltip label={isOpen ? t("Hide the prompt (P)") : t("Show the prompt (P)")}>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={isOpen ? t("Hide the prompt") : t("Show the prompt")}
            aria-expanded={isOpen}
            aria-keyshortcuts="p"
            onClick={onToggle}
          >
            <Chevron size={18} stroke={1.6} />
          </ActionIcon>
        </Tooltip>
      </span>
    </header>
  );
}

const LEAST_PIXELS = 224;
/** The work beside the prompt keeps at least so much of the window. */
const MOST_SHARE = 0.6;
const STEP_PIXELS = 16;

type PromptLineProps = {
  pane: React.RefObject<HTMLElement | null>;
  width: number | null;
  setWidth: (width: number | null) => void;
};

/** The line between prompt and work. Until it is moved the window decides, so its place is measured when it is touched. */
function PromptLine({ pane, width, setWidth }: PromptLineProps) {
  const { t } = useTranslation();
  const [measured, setMeasured] = useState(0);
  const measure = () => setMeasured(pane.current?.offsetWidth ?? 0);
  const most = Math.max(LEAST_PIXELS, Math.floor(window.innerWidth * MOST_SHARE));
  const here = width ?? (measured || Math.max(288, window.innerWidth * 0.277));
  return (
    <div className={classes.line}>
      <Separator
        className={classes.separator}
        label={t("Width of the prompt")}
        value={Math.min(most, here)}
        min={LEAST_PIXELS}
        max={most}
        step={STEP_PIXELS}
        pixelsPerUnit={() => 1}
        onApproach={measure}
        onChange={(pixels) => setWidth(Math.round(pixels))}
        onReset={() => {
          setWidth(null);
          requestAnimationFrame(measure);
        }}
      />
    </div>
  );
}
