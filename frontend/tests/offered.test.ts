import { expect, it } from "vitest";
import { isOffered } from "~/widgets/offered";

it("offers models where a model is wanted, and nothing that lies beside them", () => {
  const field = { roots: ["models", "builtin"] };
  const offered = ["models:sdxl/base.safetensors", "models:old.ckpt", "builtin:shapes-128", "models:v1.5"];
  const beside = ["builtin:lora-silhouette/CARD.md", "builtin:pictures/house.png", "models:sdxl/base.preview.png"];
  expect(offered.filter((each) => !isOffered(each, field))).toEqual([]);
  expect(beside.filter((each) => isOffered(each, field))).toEqual([]);
});

it("offers all of one's own files elsewhere, and no models that come with the program", () => {
  const field = { roots: ["inputs", "builtin"] };
  const offered = ["inputs:notes.md", "inputs:a/b", "builtin:pictures/house.png", "builtin:videos/boat.mp4"];
  const models = ["builtin:shapes-128", "builtin:tagger/tagger.safetensors", "builtin:tagger/CARD.md"];
  expect(offered.filter((each) => !isOffered(each, field))).toEqual([]);
  expect(models.filter((each) => isOffered(each, field))).toEqual([]);
});

it("offers models of the roles that are wanted, and those of which nobody knows", () => {
  const field = { roots: ["models"], roles: ["vae", "model"] };
  const roles = ["vae", "lora", "model", "unknown", undefined];
  expect(roles.filter((role) => isOffered("models:a.safetensors", field, role))).toEqual([
    "vae",
    "model",
    "unknown",
    undefined,
  ]);
  expect(isOffered("models:a.safetensors", { roots: ["models"] }, "lora")).toBe(true);
});
