import { expect, it } from "vitest";
import { isOffered } from "~/widgets/offered";

it("offers models where a model is wanted, and nothing that lies beside them", () => {
  const roots = ["models", "builtin"];
  const offered = ["models:sdxl/base.safetensors", "models:old.ckpt", "builtin:shapes-128", "models:v1.5"];
  const beside = ["builtin:lora-silhouette/CARD.md", "builtin:pictures/house.png", "models:sdxl/base.preview.png"];
  expect(offered.filter((each) => !isOffered(each, roots))).toEqual([]);
  expect(beside.filter((each) => isOffered(each, roots))).toEqual([]);
});

it("offers all of one's own files elsewhere, and no models that come with the program", () => {
  const roots = ["inputs", "builtin"];
  const offered = ["inputs:notes.md", "inputs:a/b", "builtin:pictures/house.png", "builtin:videos/boat.mp4"];
  const models = ["builtin:shapes-128", "builtin:tagger/tagger.safetensors", "builtin:tagger/CARD.md"];
  expect(offered.filter((each) => !isOffered(each, roots))).toEqual([]);
  expect(models.filter((each) => isOffered(each, roots))).toEqual([]);
});
