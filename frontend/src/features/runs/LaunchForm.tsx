import { Button, Collapse, Group, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { $api, invalidate } from "@/api/client";
import { fieldErrors } from "@/api/errors";
import { InputSelect } from "@/features/runs/InputSelect";
import classes from "@/features/runs/LaunchPage.module.css";
import { LaunchPlace } from "@/features/runs/LaunchPlace";
import {
  checkForm,
  configValues,
  type FormValues,
  fieldNames,
  isNeeded,
  type RunKind,
  type Setting,
  type Typed,
  toRequest,
} from "@/features/runs/launchForm";
import { presetFor, presetOf, withPreset } from "@/features/runs/presets";
import { SettingField } from "@/features/runs/SettingField";
import { FieldErrors } from "@/ui/FieldErrors";
import { pluralize } from "@/ui/format";
import { Section } from "@/ui/Page";

type LaunchFormProps = {
  kind: RunKind;
  start: FormValues;
  /** The name of the preset while no model is chosen. */
  standard: string;
};

export function LaunchForm({ kind, start, standard }: LaunchFormProps) {
  const navigate = useNavigate();
  const [values, setValues] = useState(start);
  const [checked, setChecked] = useState<Record<string, string>>({});
  const [showsAdvanced, setShowsAdvanced] = useState(false);
  const launch = $api.useMutation("post", "/api/v1/runs", {
    onSuccess: async (run) => {
      await invalidate("/api/v1/runs");
      await navigate({ to: "/runs/$runId", params: { runId: String(run.id) } });
    },
  });
  const [isAsking, setIsAsking] = useState(false);
  const [brought, setBrought] = useState(presetOf(kind, start.config)?.name);
  const model = useRef(start.inputs.model);
  const preset = presetOf(kind, values.config);
  const errors = { ...fieldErrors(launch.error, fieldNames(kind)), ...checked };
  const advanced = kind.fields.filter(({ group }) => group === "advanced");
  const wrongAdvanced = advanced.filter(({ name }) => errors[`config.${name}`]).length;

  const setConfig = (name: string, value: Typed) =>
    setValues((before) => ({ ...before, config: { ...before.config, [name]: value } }));
  const setInput = (role: string, id: string | null) => {
    setValues((before) => ({ ...before, inputs: { ...before.inputs, [role]: id } }));
    if (role === "model") void bringPreset(id);
  };
  const bringPreset = async (id: string | null) => {
    const touched = { before: values.config, ...(brought && { brought }) };
    model.current = id;
    setIsAsking(true);
    const name = id === null ? standard : await presetFor(id).catch(() => "paper");
    // Another may have been chosen meanwhile.
    if (model.current !== id) return;
    setIsAsking(false);
    setBrought(name);
    setValues((now) => withPreset(kind, now, name, touched));
  };
  const submit = () => {
    const found = checkForm(kind, values);
    setChecked(found);
    launch.reset();
    if (!Object.keys(found).length) launch.mutate({ body: toRequest(kind, values) });
  };
  const field = (setting: Setting) => (
    <SettingField
      key={setting.name}
      setting={setting}
      value={values.config[setting.name]}
      paper={preset && preset.name !== "paper" ? undefined : kind.defaults[setting.name]}
      error={errors[`config.${setting.name}`]}
      onChange={(value) => setConfig(setting.name, value)}
    />
  );
  // What is wrong may have been scrolled out of sight.
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (launch.error || Object.keys(checked).length)
      form.current?.querySelector<HTMLElement>("[aria-invalid='true']")?.focus();
  }, [checked, launch.error]);
  return (
    <form
      ref={form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Stack gap="lg">
        <Section title="Reads">
          <div className={classes.settings}>
            {kind.inputs.map((input) => (
              <InputSelect
                key={input.role}
                input={{ ...input, required: isNeeded(kind, input, values.config) }}
                value={values.inputs[input.role] ?? null}
                error={errors[`inputs.${input.role}`]}
                onChange={(id) => setInput(input.role, id)}
              />
            ))}
            <TextInput
              label="Name"
              description="Left empty, it is named after what it reads."
              maxLength={160}
              inputWrapperOrder={["label", "input", "description", "error"]}
              value={values.name}
              error={errors.name}
              onChange={(event) => setValues({ ...values, name: event.currentTarget.value })}
            />
          </div>
        </Section>
        <Section
          title="Settings"
          actions={
            <Presets
              kind={kind}
              current={preset?.name}
              onChange={(config) => setValues({ ...values, config })}
            />
          }
        >
          <div className={classes.settings}>
            {kind.fields.filter(({ group }) => group === "basic").map(field)}
          </div>
          <Group mt="md">
            <Button
              variant="subtle"
              size="compact-sm"
              aria-expanded={showsAdvanced}
              onClick={() => setShowsAdvanced(!showsAdvanced)}
            >
              {showsAdvanced ? "Hide" : "Show"} {pluralize(advanced.length, "advanced setting")}
            </Button>
            {wrongAdvanced > 0 && (
              <Text c="var(--bad)" size="sm">
                {pluralize(wrongAdvanced, "of them needs", "of them need")} attention
              </Text>
            )}
          </Group>
          {/* At once: what is still unfolding cannot get the focus. */}
          <Collapse expanded={showsAdvanced || wrongAdvanced > 0} transitionDuration={0}>
            <div className={classes.settings} style={{ marginTop: "1rem" }}>
              {advanced.map(field)}
            </div>
          </Collapse>
        </Section>
        <LaunchPlace
          kind={kind}
          value={values.launch}
          errors={errors}
          onChange={(place) => setValues({ ...values, launch: place })}
        />
        <FieldErrors message={errors[""]} title="The run was not launched" />
        <Group className={classes.footer}>
          <Button type="submit" loading={launch.isPending || isAsking}>
            Launch
          </Button>
          {Object.keys(errors).length > 0 && (
            <Text c="var(--bad)" size="sm" role="status">
              Nothing was launched: see the marked fields.
            </Text>
          )}
        </Group>
      </Stack>
    </form>
  );
}

type PresetsProps = {
  kind: RunKind;
  current: string | undefined;
  onChange: (config: FormValues["config"]) => void;
};

function Presets({ kind, current, onChange }: PresetsProps) {
  // Side by side the names are wider than a phone.
  const isNarrow = useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false });
  return (
    <SegmentedControl
      orientation={isNarrow ? "vertical" : "horizontal"}
      size="xs"
      aria-label="Preset"
      value={current ?? "own"}
      onChange={(name) => {
        const preset = kind.presets.find((one) => one.name === name);
        if (preset) onChange(configValues(kind, preset.values));
      }}
      data={[
        ...kind.presets.map(({ name, label }) => ({ value: name, label })),
        ...(current ? [] : [{ value: "own", label: "Your own" }]),
      ]}
    />
  );
}
