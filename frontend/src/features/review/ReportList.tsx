import type { Schemas } from "@/api/client";
import classes from "@/features/review/Review.module.css";
import { ACTION, REASON } from "@/features/review/words";
import { EmptyState } from "@/ui/EmptyState";
import { Section } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";

type Reviewed = Schemas["ReviewedTask"];

/** Who skipped or flagged, and why; the settled ones last. */
export function ReportList({ reviewed }: { reviewed: Reviewed }) {
  const numbers = new Map(reviewed.responses.map(({ id, number }) => [id, number]));
  const reports = [
    ...reviewed.skips.map((skip) => ({ ...skip, what: "skipped", why: skip.reason, about: null })),
    ...reviewed.flags.map((flag) => ({
      ...flag,
      what: "flagged",
      why: flag.kind,
      about: flag.response_id,
      returned_at: null,
    })),
  ].sort((a, b) => Number(a.decision_id !== null) - Number(b.decision_id !== null));
  const actionOf = new Map(reviewed.decisions.map(({ id, action }) => [id, action]));
  return (
    <Section title="Skipped and flagged">
      {!reports.length && (
        <EmptyState title="Nobody has skipped or flagged it" headingLevel={3}>
          It is here for its questions or its decisions.
        </EmptyState>
      )}
      <ul className={classes.reports}>
        {reports.map((report) => {
          const action = report.decision_id === null ? undefined : actionOf.get(report.decision_id);
          return (
            <li
              key={`${report.what}${report.id}`}
              className={classes.report}
              data-settled={report.decision_id !== null || undefined}
            >
              <div className={classes.head}>
                <strong>{report.labeler.name || report.labeler.email}</strong> {report.what}:{" "}
                {REASON[report.why]}
                {report.about !== null && ` (output ${numbers.get(report.about) ?? "?"})`}
              </div>
              {report.note && <div dir="auto">{report.note}</div>}
              <div className={classes.dim}>
                <RelativeTime at={report.created_at} />
                {action && ` · ${ACTION[action].done.toLowerCase()}`}
                {report.returned_at && " · given back"}
              </div>
            </li>
          );
        })}
      </ul>
    </Section>
  );
}
