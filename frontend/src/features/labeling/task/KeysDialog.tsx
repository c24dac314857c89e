import { Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { BINDINGS, type Scene, SKIP_AT_ONCE_KEYS, SUBMIT_KEYS } from "@/features/labeling/keys";
import classes from "@/features/labeling/task/Task.module.css";
import { Dialog } from "@/ui/Dialog";
import { msg } from "@/ui/language";

type Row = { shown: string; does: string };
type Group = { title: string; rows: Row[] };

const RATE: Row = {
  shown: "1 – 7",
  does: msg("Overall quality of the response; or the answer on the marked scale, 0 too"),
};
const RANK: Row = {
  shown: "1 – 9",
  does: msg(
    "Places the focused response and moves on to the next unranked one; 1 is best, the same number ties",
  ),
};
const SKIP_AT_ONCE: Row = {
  shown: `${SKIP_AT_ONCE_KEYS} + 1 – 7`,
  does: msg("Skips at once with the reason of that number"),
};
const SUBMIT: Row = { shown: SUBMIT_KEYS, does: msg("Submit") };

/** Both stages of a comparison, whichever is open: who rates wants to know what ranking will ask. */
function groupsFor(scene: Scene): [Group[], Group] {
  if (scene === "demonstration")
    return [
      [],
      { title: "", rows: [...BINDINGS.filter(({ scenes }) => scenes.includes(scene)), SKIP_AT_ONCE, SUBMIT] },
    ];
  const only = (stage: Scene) => BINDINGS.filter(({ scenes }) => scenes.length === 1 && scenes[0] === stage);
  const both = BINDINGS.filter(({ scenes }) => scenes.includes("rate") && scenes.includes("rank"));
  const stages = [
    { title: msg("1 · Rate each"), rows: [RATE, ...only("rate")] },
    { title: msg("2 · Rank all"), rows: [RANK, ...only("rank")] },
  ];
  return [stages, { title: msg("In both stages"), rows: [...both, SKIP_AT_ONCE, SUBMIT] }];
}

type KeysDialogProps = { scene: Scene; isOpen: boolean; onClose: () => void };

export function KeysDialog({ scene, isOpen, onClose }: KeysDialogProps) {
  const { t } = useTranslation();
  const [stages, shared] = groupsFor(scene);
  return (
    <Dialog opened={isOpen} onClose={onClose} title={t("Keys")} size={stages.length ? "xl" : "md"}>
      {stages.length ? (
        <div className={classes.keyGroups}>
          <div className={classes.keyStages}>
            {stages.map((group) => (
              <KeyGroup key={group.title} {...group} />
            ))}
          </div>
          <KeyGroup {...shared} />
        </div>
      ) : (
        <KeyGroup {...shared} />
      )}
    </Dialog>
  );
}

function KeyGroup({ title, rows }: Group) {
  const { t } = useTranslation();
  return (
    <section className={classes.keyGroup}>
      {title && (
        <Title order={3} size="h6">
          {t(title)}
        </Title>
      )}
      <table className={classes.keyTable}>
        <tbody>
          {rows.map(({ shown, does }) => (
            <tr key={shown}>
              <td>
                <kbd className={classes.keyName}>{shown}</kbd>
              </td>
              <td>{t(does)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
