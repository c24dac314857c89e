import { Select, Switch, TextInput } from "@mantine/core";
import classes from "@/features/runs/LaunchPage.module.css";
import { numberText, rangeText, readableNumber, type Setting, type Typed } from "@/features/runs/launchForm";

type SettingFieldProps = {
  setting: Setting;
  value: Typed | undefined;
  /** The default, where saying it helps: not while another preset is chosen as a whole. */
  paper: unknown;
  error: string | undefined;
  onChange: (value: Typed) => void;
};

/** A setting that explains itself: what it does, its range, and where its default comes from. */
export function SettingField({ setting, value, paper, error, onChange }: SettingFieldProps) {
  const range = setting.type === "integer" || setting.type === "number" ? rangeText(setting) : "";
  const isNumber = typeof paper === "number";
  const isChanged = paper !== undefined && String(value) !== (isNumber ? numberText(paper) : String(paper));
  const paperText = isNumber ? readableNumber(paper) : String(paper) || "empty";
  const description = (
    <>
      {setting.help}
      {range && <span className={classes.meta}>{range}</span>}
      {(setting.source || isChanged) && (
        <span className={classes.source}>
          {setting.source || `Default: ${paperText}`}
          {isChanged && setting.source && ` (default ${paperText})`}
        </span>
      )}
    </>
  );
  const shared = { label: setting.label, description, error, name: setting.name };
  if (setting.type === "boolean")
    return (
      <Switch
        {...shared}
        checked={value === true}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    );
  if (setting.type === "choice")
    return (
      <Select
        {...shared}
        data={setting.choices}
        value={String(value ?? "")}
        allowDeselect={false}
        inputWrapperOrder={["label", "input", "description", "error"]}
        onChange={(choice) => onChange(choice ?? "")}
      />
    );
  return (
    <TextInput
      {...shared}
      value={String(value ?? "")}
      // A decimal keyboard on phones; a number field would refuse 9.65e-6 in some browsers.
      inputMode={setting.type === "text" ? "text" : "decimal"}
      inputWrapperOrder={["label", "input", "description", "error"]}
      rightSection={
        setting.unit ? (
          <span style={{ fontSize: "0.75rem", color: "var(--mantine-color-dimmed)" }}>{setting.unit}</span>
        ) : undefined
      }
      rightSectionWidth={setting.unit ? `${setting.unit.length * 0.45 + 1.25}rem` : undefined}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
