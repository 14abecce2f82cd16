/**
 * Run inside the page: the texts whose contrast with what is painted behind them is under 4.5 : 1 (WCAG 2.1,
 * level AA), with their ratio. It refuses to judge drawings; only text is looked at.
 */
(() => {
  const channels = (text) => (text.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (rgb) => {
    const [r, g, b] = rgb.slice(0, 3).map((value) => {
      const share = value / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (start) => {
    for (let one = start; one !== null; one = one.parentElement) {
      const rgb = channels(getComputedStyle(one).backgroundColor);
      if ((rgb[3] ?? 1) > 0) return rgb;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const one of document.querySelectorAll('h1,h2,h3,p,td,th,dt,dd,li,small,output,span,b,a')) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '');
    if (!own) continue;
    const both = [luminance(channels(getComputedStyle(one).color)), luminance(behind(one))];
    const ratio = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
    if (ratio < 4.5) low.push(`${one.textContent} ${ratio.toFixed(2)}`);
  }
  return low;
})();
