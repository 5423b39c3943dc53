import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import { sessionOf } from "../testing/archive";
import { DeleteSession } from "./DeleteSession";

afterEach(cleanup);

const session = sessionOf({ title: "Fix it", messageCount: 12 });

describe("deleting a session", () => {
  it("asks first, says what goes, and does nothing on no", async () => {
    const onDelete = vi.fn();
    render(<DeleteSession session={session} onDelete={onDelete} />);
    const button = screen.getByRole("button", { name: "Delete" });
    await userEvent.click(button);
    const dialog = screen.getByRole("alertdialog", { name: "Delete “Fix it”?" });
    expect(dialog.textContent).toContain("Its 12 messages and their files are deleted");
    expect(document.activeElement).toBe(screen.getByRole("button", { name: "Keep it" }));
    await userEvent.keyboard("{Escape}");
    expect(screen.queryByRole("alertdialog")).toBeNull();
    expect(document.activeElement).toBe(button);
    expect(onDelete).not.toHaveBeenCalled();
  });

  it("deletes on yes, and stays open with a reason when that fails", async () => {
    const onDelete = vi.fn<() => Promise<void>>().mockRejectedValueOnce(new Error("offline"));
    render(<DeleteSession session={session} onDelete={onDelete} />);
    await userEvent.click(screen.getByRole("button", { name: "Delete" }));
    await userEvent.click(screen.getByRole("button", { name: "Delete" }));
    expect((await screen.findByRole("alert")).textContent).toContain("was not deleted");
    onDelete.mockResolvedValueOnce();
    await userEvent.click(screen.getByRole("button", { name: "Delete" }));
    expect(onDelete).toHaveBeenCalledTimes(2);
    expect(screen.queryByRole("alertdialog")).toBeNull();
  });
});
