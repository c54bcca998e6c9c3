import { useNews } from "~/run/announce";
import { dismiss, useNotices } from "./notices";

export function Notices() {
  const notices = useNotices((state) => state.notices);
  const news = useNews((state) => state.text);
  return (
    <>
      <p className="hidden" role="status">
        {news}
      </p>
      <div className="notices" role="status" aria-live="polite">
        {notices.map((notice) => (
          <button key={notice.id} type="button" className={`notice ${notice.kind}`} onClick={() => dismiss(notice.id)}>
            {notice.text}
          </button>
        ))}
      </div>
    </>
  );
}
