import { Center, Loader } from "@mantine/core";

/** Something is being fetched that the page cannot be without. */
export function Busy() {
  return (
    <Center mih="40vh" role="status" aria-label="Loading">
      <Loader type="dots" />
    </Center>
  );
}
