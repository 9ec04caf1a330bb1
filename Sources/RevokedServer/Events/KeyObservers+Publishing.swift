import RESP
import Synchronization

/// Keyspace notifications.
extension KeyObservers {
    var notified: NotifiedEvents {
        get { NotifiedEvents(rawValue: notifiedEvents.load(ordering: .relaxed)) }
        set {
            notifiedEvents.store(newValue.rawValue, ordering: .relaxed)
            set(.notifications, newValue.isActive)
        }
    }

    /// Publishes what happened, if there is any subscriber.
    func publish(_ events: KeyEvent, _ key: RawSpan, database: Int) {
        let notified = notified
        // The daemon's own keys belong to no database.
        guard channels.hasSubscribers, OwnKey(key) == nil else { return }
        let bytes = key.withUnsafeBytes(Array.init)
        for (event, name) in events.each where notified.covers(event) {
            let name = Array("\(name)".utf8)
            if notified.contains(.keyspace) {
                channels.announce(Array("__keyspace@\(database)__:".utf8) + bytes, name)
            }
            if notified.contains(.keyevent) {
                channels.announce(Array("__keyevent@\(database)__:".utf8) + name, bytes)
            }
        }
    }
}
