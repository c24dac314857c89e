import { SegmentedControl } from "@mantine/core";
import { useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { $api } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { type Part, type Piece, whatChanged } from "@/features/labeling/task/instructionDiff";
import { SidePanel } from "@/features/labeling/task/SidePanel";
import classes from "@/features/labeling/task/SidePanel.module.css";
import type { Assignment } from "@/features/labeling/task/types";
import type { InstructionReading } from "@/features/labeling/task/useInstructionRead";
import { FieldErrors } from "@/ui/FieldErrors";
import { Markdown } from "@/ui/Markdown";
import { RelativeTime } from "@/ui/RelativeTime";

type InstructionsPanelProps = { assignment: Assignment; reading: InstructionReading; onClose: () => void };

/** The version that this answer will be stamped with, which need not be the newest, and what changed in it. */
export default function InstructionsPanel({ assignment, reading, onClose }: InstructionsPanelProps) {
  const { t } = useTranslation();
  const params = { path: { project_id: assignment.project.id }, query: { page_size: 200 } };
  const { data, error } = $api.useQuery("get", "/api/v1/projects/{project_id}/instructions", { params });
  const { number } = assignment.instruction_version;
  const version = data?.results.find(({ id }) => id === assignment.instruction_version.id);
  // As it was when the panel opened: reading to the end must not take the changes out of sight.
  const baseline = useRef(reading.lastRead);
  if (baseline.current === undefined) baseline.current = reading.lastRead;
  const before = baseline.current;
  const earlier =
    before && before.number < number ? data?.results.find(({ id }) => id === before.id) : undefined;
  const isUnread = reading.lastRead !== undefined && (reading.lastRead?.number ?? 0) < number;
  const [view, setView] = useState<"changes" | "full">("changes");
  const showsChanges = earlier !== undefined && view === "changes";
  return (
    <SidePanel title={t("Instructions")} close={t("Close the instructions")} onClose={onClose}>
      <p className={classes.about}>
        {t("Version {{number}}, stamped on this answer", { number })}
        {version && (
          <>
            {" · "}
            <RelativeTime at={version.created_at} />
          </>
        )}
      </p>
      {isUnread && <p className={classes.about}>{t("They count as read once you have seen their end.")}</p>}
      {earlier && (
        <SegmentedControl
          className={classes.views}
          size="xs"
          fullWidth
          aria-label={t("Instructions")}
          value={view}
          onChange={(value) => setView(value as "changes" | "full")}
          data={[
            {
              value: "changes",
              label: t("Changed since you read it (v{{before}} → v{{after}})", {
                before: earlier.number,
                after: number,
              }),
            },
            { value: "full", label: t("Full text") },
          ]}
        />
      )}
      {error && <FieldErrors message={errorMessage(error)} />}
      {version &&
        (showsChanges ? (
          <Changes before={earlier.body} after={version.body} />
        ) : (
          <Markdown text={version.body} />
        ))}
      {version && reading.lastRead !== undefined && <End key={view} onSeen={reading.markRead} />}
    </SidePanel>
  );
}

/** The end of the text: whoever has it in sight has read the version. */
function End({ onSeen }: { onSeen: () => void }) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!end.current || typeof IntersectionObserver !== "function") return;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) onSeen();
    });
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [onSeen]);
  return <div ref={end} style={{ height: 1 }} />;
}

function Changes({ before, after }: { before: string; after: string }) {
  const { t } = useTranslation();
  const [parts, setParts] = useState<Part[]>();
  const compare = useCallback(() => void whatChanged(before, after).then(setParts), [before, after]);
  useEffect(compare, [compare]);
  if (!parts) return null;
  return (
    <section className={classes.diff} dir="auto" aria-label={t("What changed")}>
      {parts.map((part, index) =>
        part.type === "gap" ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines never move
          <div key={index} className={classes.gap}>
            {t("{{count}} lines unchanged", { count: part.count })}
          </div>
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines never move
          <div key={index} className={classes.line}>
            {part.pieces.map(shown)}
          </div>
        ),
      )}
    </section>
  );
}

function shown({ kind, text }: Piece, index: number) {
  if (kind === "added") return <ins key={index}>{text}</ins>;
  if (kind === "removed") return <del key={index}>{text}</del>;
  return <span key={index}>{text}</span>;
}
