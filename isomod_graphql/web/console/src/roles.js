// Roles as a person reads them.
export function readable(role) {
  const words = role.toLowerCase().replaceAll('_', ' ');
  return words[0].toUpperCase() + words.slice(1);
}
