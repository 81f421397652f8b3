// How somebody uses a page: with a pointer, or with the keyboard alone.

export class Pointer {
  constructor(page) {
    this.page = page;
  }

  async press(locator) {
    await locator.click();
  }

  /** Presses what leads to another page, and waits for it. */
  async go(locator) {
    await locator.click();
    await this.page.waitForLoadState();
  }

  async fill(locator, text) {
    await locator.fill(text);
  }

  async check(locator) {
    await locator.check();
  }
}

/** Nothing but Tab, Enter, the space bar and letters. */
export class Keyboard {
  constructor(page, check) {
    this.page = page;
    this.told = check;
  }

  /** Tabs to an element, which then must be seen to have the focus. */
  async reach(locator) {
    const isFocused = () => locator.evaluate((element) => element === document.activeElement);
    for (let tabs = 0; tabs < 80; tabs += 1) {
      if (await isFocused()) {
        const seen = await locator.evaluate((element) => {
          const { top, bottom } = element.getBoundingClientRect();
          return getComputedStyle(element).outlineStyle !== "none" && bottom > 0 && top < innerHeight;
        });
        this.told("keyboard: the focus is seen", seen, String(locator));
        return;
      }
      await this.page.keyboard.press("Tab");
    }
    throw new Error(`the keyboard does not reach ${locator}`);
  }

  async press(locator) {
    await this.reach(locator);
    await this.page.keyboard.press("Enter");
  }

  async go(locator) {
    await this.page.evaluate(() => (globalThis.left = false));
    await this.press(locator);
    await this.page.waitForFunction(() => globalThis.left === undefined);
    await this.page.waitForLoadState();
  }

  async fill(locator, text) {
    await this.reach(locator);
    await this.page.keyboard.press("ControlOrMeta+A");
    await this.page.keyboard.press("Delete");
    await this.page.keyboard.type(text);
  }

  async check(locator) {
    if (await locator.isChecked()) return;
    await this.reach(locator);
    await this.page.keyboard.press("Space");
  }
}
