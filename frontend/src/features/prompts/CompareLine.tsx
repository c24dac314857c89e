import { Button, Modal, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { $api, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { Passages } from "@/features/prompts/Passages";
import classes from "@/features/prompts/Prompts.module.css";
import { FieldErrors } from "@/ui/FieldErrors";

type Dropped = Schemas["DroppedLine"];

const DUPLICATES = new Set(["duplicate", "prefix", "near"]);

/** Opens a line that was left out beside what was kept, with what both have marked. */
export function CompareLine({ line }: { line: Dropped }) {
  const [isOpen, dialog] = useDisclosure(false);
  if (!DUPLICATES.has(line.verdict ?? "")) return null;
  return (
    <>
      <Button
        size="compact-xs"
        variant="default"
        aria-label={`Compare line ${line.line} with what was kept`}
        onClick={dialog.open}
      >
        Compare
      </Button>
      <Modal
        opened={isOpen}
        onClose={dialog.close}
        size="xl"
        title={`Line ${line.line} beside what was kept`}
      >
        <Compared line={line} />
      </Modal>
    </>
  );
}

function Compared({ line }: { line: Dropped }) {
  const { data, error } = $api.useQuery("get", "/api/v1/prompt-imports/{import_id}/dropped/{line}", {
    params: { path: { import_id: line.import_id, line: line.line } },
  });
  if (error) return <FieldErrors message={errorMessage(error)} />;
  if (!data) return <Skeleton height={120} />;
  const { duplicate_of, duplicate_of_line, explanation } = data.line;
  return (
    <Stack>
      <Text>{explanation}</Text>
      <div className={classes.pair}>
        <div>
          <Title order={3} size="h5">
            Left out
          </Title>
          {data.passages.length ? (
            <Passages passages={data.passages} />
          ) : (
            <Text c="dimmed">Its text is not kept, or may not be shown.</Text>
          )}
        </div>
        <div>
          <Title order={3} size="h5">
            {duplicate_of ? `Kept: prompt ${duplicate_of}` : `Kept: line ${duplicate_of_line ?? "–"}`}
          </Title>
          {data.kept ? <Passages passages={data.kept} /> : <Text c="dimmed">It is gone.</Text>}
        </div>
      </div>
    </Stack>
  );
}
