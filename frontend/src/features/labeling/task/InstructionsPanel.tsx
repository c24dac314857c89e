import { ActionIcon, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import { $api } from "@/api/client";
import { errorMessage } from "@/api/errors";
import classes from "@/features/labeling/task/Task.module.css";
import type { Assignment } from "@/features/labeling/task/types";
import { FieldErrors } from "@/ui/FieldErrors";
import { Markdown } from "@/ui/Markdown";
import { RelativeTime } from "@/ui/RelativeTime";

/** Where Task.module.css puts the panel above the task. */
const STACKED = "(max-width: 70em)";

/** The version that this answer will be stamped with, which need not be the newest. */
export function InstructionsPanel({ assignment, onClose }: { assignment: Assignment; onClose: () => void }) {
  const params = { path: { project_id: assignment.project.id }, query: { page_size: 200 } };
  const { data, error } = $api.useQuery("get", "/api/v1/projects/{project_id}/instructions", { params });
  const panel = useRef<HTMLElement>(null);
  // On a narrow screen they open above the task, which may be far up; on a wide one they are in sight beside it.
  useEffect(() => {
    // Braces: scrollIntoView may return a promise, which React would call as the clean-up.
    if (window.matchMedia(STACKED).matches) void panel.current?.scrollIntoView?.({ block: "nearest" });
  }, []);
  const version = data?.results.find(({ id }) => id === assignment.instruction_version.id);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be reachable by keyboard
    <aside ref={panel} className={classes.instructions} aria-labelledby="instructions-title" tabIndex={0}>
      <header className={classes.paneHeader}>
        <h2 id="instructions-title" className={classes.paneTitle}>
          Instructions
        </h2>
        <Text size="xs" c="dimmed">
          version {assignment.instruction_version.number}
          {version && (
            <>
              {" · "}
              <RelativeTime at={version.created_at} />
            </>
          )}
        </Text>
        <ActionIcon
          variant="subtle"
          color="gray"
          ml="auto"
          aria-label="Close the instructions"
          aria-keyshortcuts="Escape"
          onClick={onClose}
        >
          <IconX size={18} stroke={1.6} />
        </ActionIcon>
      </header>
      {error && <FieldErrors message={errorMessage(error)} />}
      {version && <Markdown text={version.body} />}
    </aside>
  );
}
