// A square to write a digit on. Ink is the canvas's alpha channel; Python receives it as
// COUNT x COUNT bytes (0 paper, 255 ink), each the mean of CELL x CELL pixels.
const CELL = 3;
const COUNT = 84;
const SIDE = CELL * COUNT;
const PEN = 20;

function render({ model, el }) {
  el.innerHTML = `
    <canvas width="${SIDE}" height="${SIDE}" role="img" aria-label="手写板：按住鼠标或手指写一个数字"
      style="background:#fff;border:2px solid #767676;border-radius:6px;touch-action:none;cursor:crosshair"></canvas>
    <div>
      <button type="button" class="jupyter-button" aria-pressed="false">橡皮</button>
      <button type="button" class="jupyter-button">清空</button>
    </div>`;
  const canvas = el.querySelector("canvas");
  const [eraser, clear] = el.querySelectorAll("button");
  const ink = canvas.getContext("2d", { willReadFrequently: true });
  ink.lineCap = ink.lineJoin = "round";
  let last = null;

  // A page hears of the pointer once a frame, and what changes while the kernel is busy is put
  // together by the model.
  function send() {
    const pixels = ink.getImageData(0, 0, SIDE, SIDE).data;
    const means = new Uint8Array(COUNT * COUNT);
    for (let y = 0; y < COUNT; y++) {
      for (let x = 0; x < COUNT; x++) {
        let sum = 0;
        for (let i = 0; i < CELL; i++) {
          for (let j = 0; j < CELL; j++) {
            sum += pixels[4 * ((y * CELL + i) * SIDE + x * CELL + j) + 3];
          }
        }
        means[y * COUNT + x] = sum / (CELL * CELL);
      }
    }
    model.set("drawing", new DataView(means.buffer));
    model.save_changes();
  }

  function place(event) {
    const box = canvas.getBoundingClientRect();
    const scale = SIDE / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  }

  function stroke(event) {
    const point = place(event);
    const erasing = eraser.getAttribute("aria-pressed") === "true";
    ink.globalCompositeOperation = erasing ? "destination-out" : "source-over";
    ink.lineWidth = erasing ? 2 * PEN : PEN;
    ink.beginPath();
    ink.moveTo(...last);
    ink.lineTo(point[0], point[1] + 0.01); // a tap is a dot: a line without length is not drawn
    ink.stroke();
    last = point;
    send();
  }

  function show() {
    const shown = model.get("shown");
    const side = Math.sqrt(shown.byteLength);
    ink.clearRect(0, 0, SIDE, SIDE);
    if (!side) return;
    const image = new ImageData(side, side);
    for (let i = 0; i < shown.byteLength; i++) image.data[4 * i + 3] = shown.getUint8(i);
    const small = new OffscreenCanvas(side, side);
    small.getContext("2d").putImageData(image, 0, 0);
    ink.globalCompositeOperation = "source-over";
    ink.drawImage(small, 0, 0, SIDE, SIDE);
  }

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = place(event);
    stroke(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (last) stroke(event);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => { last = null; });
  }
  eraser.addEventListener("click", () => {
    const pressed = eraser.getAttribute("aria-pressed") !== "true";
    eraser.setAttribute("aria-pressed", pressed);
    eraser.textContent = pressed ? "改用画笔" : "橡皮";
  });
  clear.addEventListener("click", () => {
    ink.clearRect(0, 0, SIDE, SIDE);
    send();
  });
  model.on("change:shown", show);
  show();
}

export default { render };
