/** Which files a field offers: lists of roots hold models, pictures, and what is written about them. */

const BESIDE_MODELS = /\.(md|txt|json|ya?ml|png|jpe?g|webp|gif|mp4|webm)$/i;
const OF_MODELS = /\.(safetensors|md)$|^[^.]+$/i; // weights, cards, and folders that hold a model

type Field = { roots?: readonly string[]; roles?: readonly string[] };

/**
 * Whether a file may be what a field wants. A field of models offers no pictures and cards, and no model whose role is
 * known to be another; other fields offer all of one's own files, and of those that come with the program no models.
 */
export function isOffered(reference: string, { roots = [], roles = [] }: Field, role?: string): boolean {
  if (roles.length > 0 && role !== undefined && role !== "unknown" && !roles.includes(role)) return false;
  if (roots.includes("models")) return !BESIDE_MODELS.test(reference);
  const [root, ...rest] = reference.split(":");
  return root === "inputs" || !OF_MODELS.test(rest.join(":"));
}
