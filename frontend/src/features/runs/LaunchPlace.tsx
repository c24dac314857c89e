import { Select, TextInput } from "@mantine/core";
import classes from "@/features/runs/LaunchPage.module.css";
import { type LaunchValues, launcherOf, type RunKind, withLauncher } from "@/features/runs/launchForm";
import { Section } from "@/ui/Page";

type LaunchPlaceProps = {
  kind: RunKind;
  value: LaunchValues;
  errors: Record<string, string>;
  onChange: (value: LaunchValues) => void;
};

/** Where the run computes, among what this server has; nothing to choose where it has one way only. */
export function LaunchPlace({ kind, value, errors, onChange }: LaunchPlaceProps) {
  const option = launcherOf(kind, value);
  if (kind.launchers.length < 2 || !option) return null;
  return (
    <Section title="Where it runs">
      <div className={classes.settings}>
        <Select
          label="Launcher"
          description={option.help}
          inputWrapperOrder={["label", "input", "description", "error"]}
          allowDeselect={false}
          data={kind.launchers.map(({ launcher, label }) => ({ value: launcher, label }))}
          value={value.launcher}
          error={errors["launch.launcher"]}
          onChange={(name) => {
            const next = kind.launchers.find(({ launcher }) => launcher === name);
            if (next) onChange(withLauncher(next));
          }}
        />
        {option.most_processes > 1 && (
          <TextInput
            label="Processes"
            description={`Each takes a GPU where there are any; at most ${option.most_processes}.`}
            inputWrapperOrder={["label", "input", "description", "error"]}
            inputMode="numeric"
            value={value.processes}
            error={errors["launch.processes"]}
            onChange={(event) => onChange({ ...value, processes: event.currentTarget.value })}
          />
        )}
        {option.addresses.length > 0 && (
          <Select
            label="Cluster"
            description="Its jobs server. Which there are is set by who runs this server (RAY_ADDRESSES)."
            inputWrapperOrder={["label", "input", "description", "error"]}
            allowDeselect={false}
            data={option.addresses}
            value={value.ray_address}
            error={errors["launch.ray_address"]}
            onChange={(address) => onChange({ ...value, ray_address: address ?? "" })}
          />
        )}
      </div>
    </Section>
  );
}
