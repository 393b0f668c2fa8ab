// The picture that the result is made from: chosen, or dropped here.

import {html, useRef} from "../vendor/htm-preact-3.1.1.js";
import {t} from "../i18n.js";

const TYPES = "image/png,image/jpeg,image/webp";

function asDataUrl(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

export function InputPicture({picture, onPicture}) {
  const input = useRef(null);
  const take = async (file) => {
    if (picture) URL.revokeObjectURL(picture.url);
    if (!file || !TYPES.includes(file.type)) return onPicture(null);
    onPicture({name: file.name, url: URL.createObjectURL(file), fields: {image: await asDataUrl(file)}});
  };
  const drop = (event) => {
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  };
  const clear = () => {
    if (input.current) input.current.value = "";
    take(null);
  };
  return html`<details open=${picture !== null}><summary>${t("image.title")}</summary>
    <div class="drop" onDragOver=${(event) => event.preventDefault()} onDrop=${drop}>
      <label for="input-picture">${t("image.choose")}</label>
      <input id="input-picture" ref=${input} type="file" accept=${TYPES}
        onChange=${(event) => take(event.target.files[0])} />
      ${picture ? html`<img src=${picture.url} alt=${picture.name} />
        <button type="button" onClick=${clear}>${t("image.remove")}</button>` : html`<small>${t("image.drop")}</small>`}
    </div></details>`;
}
