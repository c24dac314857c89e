export const ROLES = [
  { value: "labeler", label: "Labeler" },
  { value: "researcher", label: "Researcher" },
  { value: "admin", label: "Admin" },
];
