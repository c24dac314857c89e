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
        "On tasks that they have ranked too. Where one of you tied two responses, they do not count.",
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

function Line({ own: { project, tasks, least_tasks: least, agreement } }: { own: Own }) {
  const { t } = useTranslation();
  const [low = 0, high = 0] = agreement?.interval ?? [];
  return (
    <li className={classes.agreed}>
      <span>{project.name}</span>
      {agreement ? (
        <span>
          <b>{formatPercent(agreement.rate)}</b>{" "}
          <Text span size="sm" c="dimmed">
            {t("{{low}} to {{high}}, over {{count}} pairs", {
              low: formatPercent(low),
              high: formatPercent(high),
              count: agreement.pairs,
            })}
          </Text>
        </span>
      ) : (
        <Text span size="sm" c="dimmed">
          {tasks < least
            ? t("told from {{number}} common tasks on", { number: least })
            : t("no pair yet that both of you put in order")}
        </Text>
      )}
    </li>
  );
}
