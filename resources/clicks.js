// Clicks on the buttons of a form that moves. A dialog gets this code with RED.plugins.getPlugin('vg-auth-clicks').
(() => {
  /** How far the mouse may move between the press and the release of a click, in pixels. */
  const TOLERANCE = 5;
  const BUTTONS = 'button, a.red-ui-button';

  /**
   * Makes a click on a button of a form count if the button moves between the press and the release. The form moves if
   * a field that loses the focus shows or hides a row, or if a response of Node-RED arrives. The browser then sends the
   * click to the form instead of the button. If the mouse is moved away before the release, it is no click.
   */
  function takeClicks(form) {
    form.on('mousedown', BUTTONS, (press) => {
      const button = press.currentTarget;
      if (press.button !== 0) return;
      const onRelease = (release) => {
        const distance = Math.hypot(release.clientX - press.clientX, release.clientY - press.clientY);
        if (release.button === 0 && distance <= TOLERANCE && !button.contains(release.target)) button.click();
      };
      window.addEventListener('mouseup', onRelease, { capture: true, once: true });
    });
  }

  RED.plugins.registerPlugin('vg-auth-clicks', { type: 'vg-auth', takeClicks: takeClicks });
})();
