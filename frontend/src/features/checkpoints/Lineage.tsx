import { Skeleton, Text } from "@mantine/core";
import { $api, type Schemas } from "@/api/client";
import { CHECKPOINT_KIND, RUN_KIND, spaced } from "@/api/labels";
import classes from "@/features/checkpoints/Checkpoints.module.css";
import { pluralize } from "@/ui/format";
import { TextLink } from "@/ui/links";
import { Section } from "@/ui/Page";

type Tree = Schemas["CheckpointLineage"];
type Node = Omit<Schemas["LineageParent"], "used_as">;
type Dataset = Node["datasets"][number];

/** Both ways: back through runs and datasets to the labelers, and on to what was made from this. */
export function Lineage({ checkpointId }: { checkpointId: number }) {
  const { data } = $api.useQuery("get", "/api/v1/checkpoints/{checkpoint_id}/lineage", {
    params: { path: { checkpoint_id: checkpointId } },
  });
  if (!data) return <Skeleton height={160} />;
  return (
    <Section title="Lineage">
      <div className={classes.lineage}>
        <div className={classes.side}>
          <div className={classes.sideTitle}>Made from</div>
          <ul className={`${classes.tree} ${classes.root}`}>
            <Branch node={data} isThis />
          </ul>
        </div>
        <Children tree={data} />
      </div>
    </Section>
  );
}

function Branch({ node, usedAs, isThis = false }: { node: Node; usedAs?: string; isThis?: boolean }) {
  const { checkpoint, run, parents, datasets } = node;
  const hasMore = parents.length + datasets.length > 0;
  return (
    <li className={classes.branch}>
      <div className={classes.node} data-is={isThis ? "this" : undefined}>
        <span className={classes.role}>
          {usedAs ? spaced(usedAs) : "This checkpoint"} · {CHECKPOINT_KIND[checkpoint.kind]}
        </span>
        {isThis ? (
          <b>{checkpoint.name}</b>
        ) : (
          <TextLink to="/checkpoints/$checkpointId" params={{ checkpointId: String(checkpoint.id) }}>
            {checkpoint.name}
          </TextLink>
        )}
        {run ? (
          <span className={classes.role}>
            by{" "}
            <TextLink to="/runs/$runId" params={{ runId: String(run.id) }}>
              {RUN_KIND[run.kind]}, run {run.id}
            </TextLink>
          </span>
        ) : (
          <span className={classes.role}>registered</span>
        )}
        {node.is_repeated && <span className={classes.role}>its origin stands above</span>}
      </div>
      {hasMore && (
        <ul className={classes.tree}>
          {datasets.map((dataset) => (
            <DatasetBranch key={`${dataset.role} ${dataset.version.id}`} dataset={dataset} />
          ))}
          {parents.map((parent) => (
            <Branch key={`${parent.used_as} ${parent.checkpoint.id}`} node={parent} usedAs={parent.used_as} />
          ))}
        </ul>
      )}
    </li>
  );
}

const LABELERS_SHOWN = 6;

function DatasetBranch({ dataset }: { dataset: Dataset }) {
  const { version, labelers, rows, role } = dataset;
  const shown = labelers.slice(0, LABELERS_SHOWN).map(({ pseudonym, count }) => `${pseudonym} (${count})`);
  if (labelers.length > LABELERS_SHOWN) shown.push(`${labelers.length - LABELERS_SHOWN} more`);
  return (
    <li className={classes.branch}>
      <div className={classes.node} data-is="dataset">
        <span className={classes.role}>
          {spaced(role)} · {pluralize(rows, "row")}
        </span>
        <TextLink to="/datasets/versions/$versionId" params={{ versionId: String(version.id) }}>
          {version.name}
        </TextLink>
        {shown.length > 0 && <span className={classes.role}>said by {shown.join(", ")}</span>}
      </div>
    </li>
  );
}

function Children({ tree }: { tree: Tree }) {
  return (
    <div className={classes.side}>
      <div className={classes.sideTitle}>Made from this</div>
      {!tree.children.length && <Text c="dimmed">Nothing yet.</Text>}
      <ul className={`${classes.tree} ${classes.root}`}>
        {tree.children.map((child) => (
          <li key={`${child.id} ${child.used_as}`} className={classes.branch}>
            <div className={classes.node}>
              <span className={classes.role}>
                {CHECKPOINT_KIND[child.kind]}, this as its {spaced(child.used_as).toLowerCase()}
              </span>
              <TextLink to="/checkpoints/$checkpointId" params={{ checkpointId: String(child.id) }}>
                {child.name}
              </TextLink>
            </div>
          </li>
        ))}
      </ul>
    </div>
  );
}
