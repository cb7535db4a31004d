// The shared parts of the tab Sign-ins: texts, elements and lists. Each part gets it with
// RED.plugins.getPlugin('vg-auth-sign-ins-view').
(() => {
  const shared = () => RED.plugins.getPlugin('vg-auth');

  /** A text of the catalog of the tab, locales/LANGUAGE/sign-ins.json. */
  function say(key, values) {
    return shared().translate(`@vg-auth/node-red-vg-auth/sign-ins:${key}`, values);
  }

  /** The longest name that is shown whole, in characters. */
  const LONGEST = 120;

  /** A name that leaves room for everything else. */
  function short(name) {
    return name.length > LONGEST ? `${name.slice(0, LONGEST)}…` : name;
  }

  /** Changes a text only if it differs: a screen reader would read the same text again. */
  function setText(element, text) {
    if (element.text() !== text) element.text(text);
    return element;
  }

  function icon(name, color) {
    const sign = $('<i class="fa" aria-hidden="true">').addClass(name);
    // The sign needs no color to be understood.
    return color ? sign.css('color', `var(--red-ui-text-color-${color})`) : sign;
  }

  function line(text) {
    return $('<div class="vg-auth-line">').text(text || '');
  }

  /**
   * A button. While the work of its click is under way, a second click does nothing.
   *
   * @param click may return a promise, which is the work
   */
  function button(text, click) {
    const element = $('<button type="button" class="red-ui-button red-ui-button-small">').text(text);
    return element.on('click', () => {
      if (element.attr('aria-disabled') === 'true') return;
      const work = click();
      if (!work?.always) return;
      element.attr('aria-disabled', 'true');
      work.always(() => element.removeAttr('aria-disabled'));
    });
  }

  /** A time of today, or with its date. */
  function timeText(at) {
    const time = new Date(at);
    const isToday = time.toDateString() === new Date().toDateString();
    const locale = shared().locale();
    return isToday
      ? time.toLocaleTimeString(locale)
      : time.toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'short' });
  }

  /** The rest of a time, such as 4:05. @param rest in ms */
  function leftText(rest) {
    const seconds = Math.max(0, Math.ceil(rest / 1000));
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  }

  /** Whether the focus is in an element. */
  function hasFocus(element) {
    return element[0].contains(document.activeElement);
  }

  /**
   * A list that keeps the rows of unchanged items, so that the focus, open details and typed text survive an update.
   *
   * @param label the name of the list
   * @param make makes a row, and returns the function that shows an item in it
   * @param onLost is called if a row with the focus is removed
   */
  function list(container, label, make, onLost) {
    const rows = new Map();
    const element = $('<ol>').appendTo(container);
    element.editableList({
      addButton: false,
      height: 'auto',
      scrollOnAdd: false,
      addItem: (content, _index, row) => {
        row.item = content.parent();
        row.show = make(content);
      },
    });
    element.attr('aria-label', label);

    /** @param items each with a `key` */
    return (items) => {
      // A reply can arrive after the tab was removed.
      if (!element.editableList('instance')) return;
      const keys = new Set(items.map(({ key }) => key));
      rows.forEach((row, key) => {
        if (keys.has(key)) return;
        const isLost = hasFocus(row.item);
        element.editableList('removeItem', row);
        rows.delete(key);
        if (isLost && onLost) onLost();
      });
      items.forEach((item, index) => {
        let row = rows.get(item.key);
        if (!row) {
          row = {};
          rows.set(item.key, row);
          element.editableList('addItem', row);
        }
        row.show(item);
        const there = element.children().eq(index);
        if (!there.is(row.item)) row.item.insertBefore(there);
      });
      element.closest('.red-ui-editableList').toggle(items.length > 0);
    };
  }

  /**
   * A section of the tab that opens and closes, by keyboard too.
   *
   * @param stack from RED.stack.create
   * @param onExpand is called when it opens
   */
  function section(stack, title, isExpanded, onExpand) {
    const part = stack.add({ title: '', expanded: isExpanded });
    const tell = () => part.header.attr('aria-expanded', String(part.isExpanded()));
    setText(part.title, title);
    part.container.attr({ role: 'region', 'aria-label': title });
    part.content.addClass('vg-auth-content');
    part.header.attr({ role: 'button', tabindex: 0 });
    part.header.on('keydown', (event) => {
      if (event.target !== part.header[0] || (event.key !== 'Enter' && event.key !== ' ')) return;
      event.preventDefault();
      part.header.trigger('click');
    });
    part.header.on('click', () => {
      tell();
      if (part.isExpanded() && onExpand) onExpand();
    });
    tell();
    return part;
  }

  /** Whether a section is open. After the tab was removed, it is not: a reply that arrives then causes no request. */
  function isOpen(part) {
    return part.isExpanded() && part.container[0].isConnected;
  }

  RED.plugins.registerPlugin('vg-auth-sign-ins-view', {
    type: 'vg-auth',
    say: say,
    short: short,
    setText: setText,
    icon: icon,
    line: line,
    button: button,
    timeText: timeText,
    leftText: leftText,
    hasFocus: hasFocus,
    list: list,
    section: section,
    isOpen: isOpen,
  });
})();
