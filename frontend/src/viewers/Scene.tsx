/** A 3-D model in binary glTF: turned by the hand or by arrow keys, drawn only when something changes. */

import { useEffect, useRef, useState } from "react";
import {
  Box3,
  DirectionalLight,
  HemisphereLight,
  type Mesh,
  PerspectiveCamera,
  Scene,
  Vector3,
  WebGLRenderer,
} from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
import { t } from "~/i18n/language";

const TURN = 0.12; // radians for each press of a key

export default function SceneView({ url, label }: { url: string; label: string }) {
  const holder = useRef<HTMLDivElement>(null);
  const [word, setWord] = useState(t("file.loading"));
  useEffect(() => {
    const element = holder.current;
    if (!element) return;
    let isAlive = true;
    let close = () => {};
    open(element, url)
      .then((opened) => {
        if (!isAlive) return opened.close();
        close = opened.close;
        setWord(t("file.triangles", { count: opened.triangles.toLocaleString() }));
      })
      .catch((error: unknown) => isAlive && setWord(error instanceof Error ? error.message : String(error)));
    return () => {
      isAlive = false;
      close();
    };
  }, [url]);
  return (
    <div className="scene">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it is turned by keys */}
      <div ref={holder} role="img" aria-label={t("file.scene", { label, word })} tabIndex={0} />
      <small>{word}</small>
    </div>
  );
}

async function open(element: HTMLElement, url: string): Promise<{ triangles: number; close(): void }> {
  const bytes = await (await fetch(url)).arrayBuffer();
  const { scene: model } = await new GLTFLoader().parseAsync(bytes, "");
  const renderer = new WebGLRenderer({ antialias: true, alpha: true });
  const scene = new Scene();
  const sun = new DirectionalLight(0xffffff, 2.2);
  scene.add(new HemisphereLight(0xffffff, 0x555566, 1.6), sun, model);
  const camera = new PerspectiveCamera(40, 1, 0.001, 1_000);
  const controls = new OrbitControls(camera, renderer.domElement);
  look(camera, controls, new Box3().setFromObject(model));

  let due = 0;
  const draw = () => {
    due = 0;
    sun.position.copy(camera.position);
    renderer.render(scene, camera);
  };
  const soon = () => {
    due ||= requestAnimationFrame(draw);
  };
  const resize = () => {
    const { clientWidth: width, clientHeight: height } = element;
    renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    renderer.setSize(width, height, false);
    camera.aspect = width / Math.max(height, 1);
    camera.updateProjectionMatrix();
    soon();
  };
  const keys = (event: KeyboardEvent) => {
    if (!turned(event.key, camera, controls)) return;
    event.preventDefault();
    event.stopPropagation();
    controls.update();
  };
  controls.addEventListener("change", soon);
  element.addEventListener("keydown", keys);
  const watcher = new ResizeObserver(resize);
  watcher.observe(element);
  element.append(renderer.domElement);
  const close = () => {
    watcher.disconnect();
    cancelAnimationFrame(due);
    element.removeEventListener("keydown", keys);
    controls.dispose();
    renderer.dispose();
    renderer.domElement.remove();
  };
  return { triangles: count(model), close };
}

/** Places a camera so that all of a box is seen, a little from above. */
function look(camera: PerspectiveCamera, controls: OrbitControls, box: Box3): void {
  const middle = box.getCenter(new Vector3());
  const radius = Math.max(box.getSize(new Vector3()).length() / 2, 1e-6);
  const way = new Vector3(0.7, 0.5, 1).setLength((1.15 * radius) / Math.sin((camera.fov * Math.PI) / 360));
  camera.position.copy(middle).add(way);
  camera.near = radius / 100;
  camera.far = radius * 100;
  controls.target.copy(middle);
  controls.update();
}

function turned(key: string, camera: PerspectiveCamera, controls: OrbitControls): boolean {
  const way = camera.position.clone().sub(controls.target);
  const side = new Vector3(0, 1, 0).cross(way).normalize();
  const turns: Record<string, () => void> = {
    ArrowLeft: () => way.applyAxisAngle(camera.up, -TURN),
    ArrowRight: () => way.applyAxisAngle(camera.up, TURN),
    ArrowUp: () => way.applyAxisAngle(side, -TURN),
    ArrowDown: () => way.applyAxisAngle(side, TURN),
    "+": () => way.multiplyScalar(1 / 1.15),
    "-": () => way.multiplyScalar(1.15),
  };
  turns[key]?.();
  camera.position.copy(controls.target).add(way);
  return key in turns;
}

function count(model: Scene | import("three").Group): number {
  let triangles = 0;
  model.traverse((each) => {
    const { geometry } = each as Mesh;
    if (geometry) triangles += (geometry.index?.count ?? geometry.attributes.position?.count ?? 0) / 3;
  });
  return Math.round(triangles);
}
