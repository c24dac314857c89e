import { Button, SegmentedControl, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import classes from "@/features/labeling/comparison/reading/Reading.module.css";
import { focusedId, type State } from "@/features/labeling/comparison/state";
import type { Board } from "@/features/labeling/comparison/useComparisonKeys";
import type { Columns } from "@/features/labeling/task/preferences";
import type { TaskPanels } from "@/features/labeling/task/useTaskPanels";
import { Key } from "@/ui/Key";

type ReadingToolsProps = { state: State; panels: TaskPanels; board: Board };

/** How the responses stand and what is marked in them; none of it is part of the answer. */
export function ReadingTools({ state, panels, board }: ReadingToolsProps) {
  const { t } = useTranslation();
  const { reading } = board;
  return (
    <div className={classes.tools}>
      <Text size="sm" c="dimmed" className={classes.hint}>
        <span className={classes.keyHint}>
          {t("A digit places {{letter}} and moves on.", {
            letter: state.letters[focusedId(state)],
          })}{" "}
        </span>
        {t("Equal quality, same rank: ties are welcome.")}
      </Text>
      <fieldset className={classes.toggles} aria-label={t("How the responses are shown")}>
        <Toggle
          name="O"
          isOn={board.isByRank}
          onToggle={() => board.setByRank(!board.isByRank)}
          label={t("By rank")}
        />
        <Toggle name="M" isOn={panels.isPlain} onToggle={panels.togglePlain} label={t("Plain text")} />
        <Toggle name="D" isOn={reading.isDiffing} onToggle={reading.toggleDiff} label={t("Differences")} />
        <Toggle
          name="Y"
          isOn={reading.isTogether}
          onToggle={reading.toggleTogether}
          label={t("Scroll together")}
        />
        {!reading.isTogether && (
          <Toggle isOn={reading.isFolding} onToggle={reading.toggleFolding} label={t("Fold long ones")} />
        )}
        {reading.fitting > 1 && (
          <SegmentedControl
            size="xs"
            aria-label={t("Columns")}
            data={["1", "2", "3", "4"].map((value) => ({
              value,
              label: value,
              disabled: Number(value) > reading.fitting,
            }))}
            value={String(reading.columns)}
            onChange={(value) => reading.setColumns(Number(value) as Columns)}
          />
        )}
      </fieldset>
    </div>
  );
}

type ToggleProps = { name?: string; isOn: boolean; onToggle: () => void; label: string };

function Toggle({ name, isOn, onToggle, label }: ToggleProps) {
  return (
    <Button
      variant={isOn ? "light" : "subtle"}
      color="gray"
      size="compact-sm"
      aria-pressed={isOn}
      aria-keyshortcuts={name?.toLowerCase()}
      rightSection={name && <Key name={name} />}
      onClick={onToggle}
    >
      {label}
    </Button>
  );
}
