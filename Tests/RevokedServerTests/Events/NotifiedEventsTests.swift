import Testing

@testable import RevokedServer

/// `notify-keyspace-events`, as Redis reads and writes it.
@Suite struct NotifiedEventsTests {
    @Test func textIsRedis() {
        for (given, shown) in [
            ("", ""), ("KEA", "AKE"), ("gKE", "gKE"), ("$lshzxeKE", "$lshzxeKE"), ("EKx", "xKE"),
            ("KEg$lshzxetd", "AKE"), ("An", "A"), ("nKE", "nKE"), ("AKEA", "AKE"),
        ] {
            #expect(NotifiedEvents(given)?.description == shown, "\(given)")
        }
        for wrong in ["q", "KE ", "k", "Km"] { #expect(NotifiedEvents(wrong) == nil, "\(wrong)") }
    }

    /// Without a kind of channel, or an event that can happen, a write asks for nothing more.
    @Test func onlyWhatCanBeHeardIsOfInterest() {
        let bench = SessionBench()
        let observers = bench.daemon.denylist.observers
        for (letters, isOfInterest) in [("KEA", true), ("A", false), ("KE", false), ("Klsh", false), ("Ex", true)] {
            #expect(bench.ask("CONFIG", "SET", "notify-keyspace-events", letters) == "+OK\r\n")
            #expect(observers.interest.contains(.notifications) == isOfInterest, "\(letters)")
        }
        #expect(bench.ask("CONFIG", "SET", "notify-keyspace-events", "") == "+OK\r\n")
        #expect(observers.interest.isEmpty)
    }

    /// Of one write: the key's own channel before the event's, the first event before the second.
    @Test func eventsComeInOrder() {
        let bench = SessionBench()
        let listener = SessionBench(bench.daemon)
        _ = bench.ask("CONFIG", "SET", "notify-keyspace-events", "KEAn")
        _ = listener.ask("PSUBSCRIBE", "*")
        _ = bench.ask("SETEX", "k", "100", "v")
        let words = listener.mail().split(separator: "\r\n").map(String.init)
        let channels = words.indices.filter { words[$0] == "*" }.map { words[$0 + 2] }
        #expect(
            channels == [
                "__keyspace@0__:k", "__keyevent@0__:new", "__keyspace@0__:k", "__keyevent@0__:set", "__keyspace@0__:k",
                "__keyevent@0__:expire",
            ])
    }
}
