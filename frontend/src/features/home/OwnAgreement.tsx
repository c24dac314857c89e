import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { $api, type Schemas } from "@/api/client";
import classes from "@/features/home/Home.module.css";
import { formatPercent } from "@/ui/format";
import { Section } from "@/ui/Page";

type Own = Schemas["OwnAgreement"];

/** In the projects that show it: how often one put the same response first as a researcher did. */
export function OwnAgreement() {
  const { t } = useTranslation();
  const { data } = $api.useQuery("get", "/api/v1/agreement");
  if (!data?.length) return null;
  return (
    <Section
      title={t("Your agreement with the researchers")}
      description={t(
        "As of today, on tasks that they have ranked too. Where one of you tied two responses, they do not count.",
      )}
    >
      <ul className={classes.list}>
        {data.map((own) => (
          <Line key={own.project.id} own={own} />
        ))}
      </ul>
    </Section>
  );
}

function Line({ own: { project, least_tasks: least, agreement } }: { own: Own }) {
  const { t } = useTranslation();
  const [low = 0, high = 0] = agreement?.interval ?? [];
  return (
    <li className={classes.agreed}>
      <span>{project.name}</span>
      {agreement ? (
        <span>
          <b>{formatPercent(agreement.rate)}</b>{" "}
          <Text span size="sm" c="dimmed">
            {t("95 %: {{low}} to {{high}}", { low: formatPercent(low), high: formatPercent(high) })}
          </Text>
        </span>
      ) : (
        <Text span size="sm" c="dimmed">
          {t("told from {{number}} common tasks on", { number: least })}
        </Text>
      )}
    </li>
  );
}
