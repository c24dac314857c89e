import { Modal, Table } from "@mantine/core";
import { BINDINGS, type Scene, SUBMIT_KEYS } from "@/features/labeling/keys";
import classes from "@/features/labeling/task/Task.module.css";

const DIGITS: Record<Scene, { shown: string; does: string } | null> = {
  rate: { shown: "1 – 7", does: "Overall quality of the response" },
  rank: {
    shown: "1 – 9",
    does: "Places the focused response and moves on to the next unranked one; 1 is best, the same number ties",
  },
  demonstration: null,
};

export function KeysDialog({
  scene,
  isOpen,
  onClose,
}: {
  scene: Scene;
  isOpen: boolean;
  onClose: () => void;
}) {
  const digits = DIGITS[scene];
  const rows = [
    ...(digits ? [digits] : []),
    ...BINDINGS.filter((binding) => binding.scenes.includes(scene)),
    { shown: SUBMIT_KEYS, does: "Submit" },
  ];
  return (
    <Modal opened={isOpen} onClose={onClose} title="Keys" size="md">
      <Table verticalSpacing={5}>
        <Table.Tbody>
          {rows.map(({ shown, does }) => (
            <Table.Tr key={shown}>
              <Table.Td w="7.5rem">
                <kbd className={classes.keyName}>{shown}</kbd>
              </Table.Td>
              <Table.Td>{does}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
