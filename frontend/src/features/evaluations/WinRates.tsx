import { Text } from "@mantine/core";
import type { Schemas } from "@/api/client";
import { BehindLink } from "@/features/evaluations/BehindLink";
import { IntervalBar, RateText } from "@/features/evaluations/Interval";
import classes from "@/features/evaluations/Results.module.css";
import type { Results } from "@/features/evaluations/ResultsPage";
import { pluralize } from "@/ui/format";
import { TextLink } from "@/ui/links";
import { Section } from "@/ui/Page";

type Source = Results["sources"][number];
type Match = Schemas["Match"];

/** The paper's main figure: each model against the baseline. */
export function WinRates({ results }: { results: Results }) {
  const baseline = results.sources.find(({ is_baseline }) => is_baseline);
  return (
    <Section
      title={`Win rate against ${baseline?.name ?? "the baseline"}`}
      description="How often it was ranked above the baseline, a tie counting one half, with the 95 % interval."
    >
      <ul className={classes.rows}>
        {results.sources
          .filter(({ match }) => match !== null)
          .map((source) => (
            <li key={source.id} className={classes.row}>
              <SourceName source={source} />
              <div className={classes.plot}>
                <IntervalBar estimate={source.match?.estimate ?? null} />
              </div>
              <div className={classes.rate}>
                <RateText estimate={source.match?.estimate ?? null} />
              </div>
              {source.match && <Counts match={source.match} name={source.name} />}
            </li>
          ))}
        <li className={classes.row} aria-hidden>
          <span />
          <div className={`${classes.plot} ${classes.axis}`}>
            <span>0 %</span>
            <span>50 %: as good as the baseline</span>
            <span>100 %</span>
          </div>
        </li>
      </ul>
    </Section>
  );
}

export function SourceName({ source }: { source: Source }) {
  return (
    <div className={classes.source}>
      {source.checkpoint ? (
        <TextLink
          to="/checkpoints/$checkpointId"
          params={{ checkpointId: String(source.checkpoint.id) }}
          fw={500}
        >
          {source.name}
        </TextLink>
      ) : (
        <Text span fw={500}>
          {source.name}
        </Text>
      )}
      {source.is_baseline && <div className={classes.baseline}>the baseline</div>}
      {source.batch_name !== source.name && <div className={classes.detail}>{source.batch_name}</div>}
    </div>
  );
}

const OUTCOMES = [
  { outcome: "win", key: "wins", one: "win", many: "wins" },
  { outcome: "tie", key: "ties", one: "tie", many: "ties" },
  { outcome: "loss", key: "losses", one: "loss", many: "losses" },
] as const;

export function Counts({ match, name }: { match: Match; name: string }) {
  const { source_id: source, opponent_id: opponent } = match;
  return (
    <div className={classes.counts}>
      {OUTCOMES.map(({ outcome, key, one, many }, index) => (
        <span key={outcome}>
          {index > 0 && ", "}
          {match[key] ? (
            <BehindLink behind={{ source, opponent, outcome }} label={`of ${name}`}>
              {pluralize(match[key], one, many)}
            </BehindLink>
          ) : (
            `no ${many}`
          )}
        </span>
      ))}
    </div>
  );
}
