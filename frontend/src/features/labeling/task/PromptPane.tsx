import { ActionIcon, Badge, Tooltip } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import classes from "@/features/labeling/task/Task.module.css";
import type { Assignment } from "@/features/labeling/task/types";
import { Conversation } from "@/ui/Conversation";

type PromptPaneProps = {
  prompt: Assignment["prompt"];
  isOpen: boolean;
  onToggle: () => void;
  isPlain: boolean;
};

export function PromptPane({ prompt, isOpen, onToggle, isPlain }: PromptPaneProps) {
  const Chevron = isOpen ? IconChevronDown : IconChevronRight;
  return (
    <section className={classes.prompt} aria-labelledby="prompt-title" data-open={isOpen || undefined}>
      <div className={classes.promptInside}>
        <header className={classes.paneHeader}>
          <h2 id="prompt-title" className={classes.paneTitle}>
            Prompt
          </h2>
          <Badge color="gray" tt="none">
            {prompt.use_case.replace("_", " ")}
          </Badge>
          {prompt.is_closed_domain && (
            <Tooltip label="The prompt holds everything that the answer needs." multiline maw={260}>
              <Badge color="gray" tt="none" tabIndex={0}>
                closed domain
              </Badge>
            </Tooltip>
          )}
          <Tooltip label={isOpen ? "Hide the prompt (P)" : "Show the prompt (P)"}>
            <ActionIcon
              variant="subtle"
              color="gray"
              ml="auto"
              aria-label={isOpen ? "Hide the prompt" : "Show the prompt"}
              aria-expanded={isOpen}
              aria-keyshortcuts="p"
              onClick={onToggle}
            >
              <Chevron size={18} stroke={1.6} />
            </ActionIcon>
          </Tooltip>
        </header>
        {isOpen && (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be reachable by keyboard
          <section className={classes.promptBody} tabIndex={0} aria-label="Text of the prompt">
            {prompt.deployment_context && <p className={classes.context}>{prompt.deployment_context}</p>}
            <Conversation messages={prompt.messages} isPlain={isPlain} />
          </section>
        )}
      </div>
    </section>
  );
}
