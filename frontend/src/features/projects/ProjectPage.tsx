import { Group, Tabs } from "@mantine/core";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { $api, type Schemas } from "@/api/client";
import { useEvents } from "@/api/events";
import { rowId } from "@/api/rowId";
import { InstructionsTab } from "@/features/projects/InstructionsTab";
import { MembersTab } from "@/features/projects/MembersTab";
import { ProjectActions } from "@/features/projects/ProjectActions";
import classes from "@/features/projects/Projects.module.css";
import { QuestionsTab } from "@/features/projects/QuestionsTab";
import { ReviewTab } from "@/features/projects/ReviewTab";
import { SettingsTab } from "@/features/projects/SettingsTab";
import { StatisticsTab } from "@/features/projects/StatisticsTab";
import { SubmissionsTab } from "@/features/projects/SubmissionsTab";
import { TasksTab } from "@/features/projects/TasksTab";
import { isEvaluation, PROJECT_KIND, PROJECT_STATE } from "@/features/projects/words";
import { formatNumber, pluralize } from "@/ui/format";
import { LinkButton, TextLink } from "@/ui/links";
import { Notice } from "@/ui/Notice";
import { Page, PageHeader } from "@/ui/Page";
import { ProgressLine } from "@/ui/ProgressLine";
import { Stat, StatGroup } from "@/ui/Stat";
import { StatusBadge } from "@/ui/StatusBadge";

const TABS = [
  { value: "statistics", label: "Statistics", Panel: StatisticsTab },
  { value: "tasks", label: "Tasks", Panel: TasksTab },
  { value: "submissions", label: "Submissions", Panel: SubmissionsTab },
  { value: "review", label: "Review", Panel: ReviewTab },
  { value: "questions", label: "Questions", Panel: QuestionsTab },
  { value: "members", label: "Members", Panel: MembersTab },
  { value: "instructions", label: "Instructions", Panel: InstructionsTab },
  { value: "settings", label: "Settings", Panel: SettingsTab },
] as const;

export type ProjectTab = (typeof TABS)[number]["value"];

export function ProjectPage() {
  const id = rowId(useParams({ from: "/members/projects/$projectId" }).projectId);
  const { tab = "statistics" } = useSearch({ from: "/members/projects/$projectId" });
  const navigate = useNavigate({ from: "/projects/$projectId" });
  const { data: project } = $api.useSuspenseQuery("get", "/api/v1/projects/{project_id}", {
    params: { path: { project_id: id } },
  });
  useEvents(
    [`labeling:${id}`],
    [
      ["get", "/api/v1/projects/{project_id}", { params: { path: { project_id: id } } }],
      ["get", "/api/v1/projects/{project_id}/statistics"],
      ["get", "/api/v1/projects/{project_id}/tasks"],
      ["get", "/api/v1/submissions"],
      ["get", "/api/v1/review"],
      ["get", "/api/v1/projects/{project_id}/thread"],
    ],
  );
  const counts = project.assignment_counts;
  const total = counts.open + counts.leased + counts.submitted;
  const state = PROJECT_STATE[project.state];
  return (
    <Page title={project.name}>
      <PageHeader
        title={project.name}
        description={
          <>
            <Group gap="sm">
              <StatusBadge tone={state.tone}>{state.label}</StatusBadge>
              <span>
                <TextLink to="/projects">Projects</TextLink> · {PROJECT_KIND[project.kind]}
                {project.kind !== "demonstration" && `, K = ${project.responses_per_task}`},{" "}
                {pluralize(project.overlap, "labeler")} a task
              </span>
            </Group>
            {project.description}
          </>
        }
        actions={
          <>
            {isEvaluation(project.kind) && (
              <LinkButton to="/projects/$projectId/results" params={{ projectId: String(id) }}>
                Results
              </LinkButton>
            )}
            <ProjectActions project={project} />
          </>
        }
      />
      <StatGroup>
        <Stat label="Tasks" value={formatNumber(project.task_count)} />
        <Stat
          label="Answers"
          value={formatNumber(counts.submitted)}
          hint={total > 0 && <ProgressLine label="Answers" done={counts.submitted} total={total} />}
        />
        <Stat label="Waiting" value={formatNumber(counts.open)} />
        <Stat label="In work now" value={formatNumber(counts.leased)} />
        <Stat label="Members" value={formatNumber(project.member_count)} />
      </StatGroup>
      <TooFewMembers project={project} />
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(value) => void navigate({ search: { tab: value as ProjectTab } })}
      >
        <div className={classes.tabs}>
          <Tabs.List>
            {TABS.map(({ value, label }) => (
              <Tabs.Tab key={value} value={value}>
                {label}
              </Tabs.Tab>
            ))}
          </Tabs.List>
        </div>
        {TABS.map(({ value, Panel }) => (
          <Tabs.Panel key={value} value={value} pt="md">
            <Panel project={project} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  );
}

/** An answer is one person's: with fewer members than answers a task, no task is ever done. */
function TooFewMembers({ project }: { project: Schemas["Project"] }) {
  const { overlap, member_count: members, state } = project;
  if (members >= overlap || state === "archived") return null;
  return (
    <Notice
      tone="warn"
      title={`Each task needs ${pluralize(overlap, "labeler")}, and the project has ${members || "none"}`}
    >
      No task can be finished until there are more{" "}
      <TextLink
        to="/projects/$projectId"
        params={{ projectId: String(project.id) }}
        search={{ tab: "members" }}
      >
        members
      </TextLink>
      .
    </Notice>
  );
}
