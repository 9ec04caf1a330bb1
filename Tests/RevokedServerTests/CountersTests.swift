import Contract
import Logging
import PrometheusMetrics
import RESP
import Testing

@testable import RevokedServer

@Suite struct CountersTests {
    private func metrics(_ bench: SessionBench) -> String { Exposition.text(DaemonMetrics(bench.daemon).families) }

    /// No two counters share a cell, and there is a cell for each.
    @Test func everyCounterHasACellOfItsOwn() {
        var slots = ErrorCode.allCases.map { CounterSlot.errors($0).index }
        for scope in Scope.Kind.allCases {
            for reason in RevocationReason.allCases { slots.append(CounterSlot.revocations(scope, reason).index) }
        }
        for command in 0..<CounterSlot.maximumCommands {
            slots += [
                CounterSlot.calls(command), .rejections(command), .failures(command), .timedCalls(command),
                .nanoseconds(command),
            ].map(\.index)
        }
        slots += DenialLog.Reason.allCases.map { CounterSlot.denials($0).index }
        slots += [
            CounterSlot.allErrors, .connections, .rejectedConnections, .bytesIn, .bytesOut, .refusedForMemory,
            .unknownCommands, .plainHits, .plainMisses, .guardedHits, .guardedMisses, .strangers, .evictedConnections,
            .unauthenticatedConnections, .failedHandshakes, .publishedMessages, .deliveredMessages, .slowSubscribers,
        ].map(\.index)
        #expect(Set(slots).count == slots.count)
        #expect(slots.allSatisfy { (0..<ThreadCounters.size).contains($0) })
    }

    @Test func everyCommandHasItsCounters() {
        #expect(CommandTable.names.count <= CounterSlot.maximumCommands)
        #expect(CommandTable.names[CommandTable.shared.find(Array("setex".utf8).span.bytes)] == "setex")
    }

    @Test func revocationsAreCountedByScopeAndReason() {
        let bench = SessionBench()
        for (key, reason) in [
            ("jti:a", "logout"), ("jti:b", "logout"), ("jti:c", "because \"I\" say so"), ("sid:a", "admin"),
            ("kid:a", "compromised"),
        ] {
            #expect(bench.ask("SETEX", "revoked:" + key, "100", reason) == "+OK\r\n")
        }
        #expect(bench.ask("SETEX", "revoked:jti:d", "100", "rotated:1790000000000:x") == "+OK\r\n")
        #expect(bench.ask("SET", "revoked:sub:alice", "1790000000000", "EX", "100") == "+OK\r\n")
        _ = bench.ask("SETEX", "plain", "100", "logout")
        _ = bench.ask("SET", "revoked:jti:e", "logout")
        let text = metrics(bench)
        for (scope, reason, count) in [
            ("token", "logout", 2), ("token", "other", 1), ("token", "rotated", 1), ("token", "admin", 0),
            ("session", "admin", 1), ("key", "compromised", 1), ("key", "other", 0), ("subject", "none", 1),
            ("all", "none", 0),
        ] {
            #expect(text.contains("revoked_revocations_total{scope=\"\(scope)\",reason=\"\(reason)\"} \(count)\n"))
        }
    }

    @Test func checksAreLookupsOfGuardedKeys() {
        let bench = SessionBench()
        _ = bench.ask("SETEX", "revoked:jti:a", "100", "logout")
        _ = bench.ask("EXISTS", "revoked:jti:a", "revoked:jti:b", "revoke", "plainplain")
        _ = bench.ask("MGET", "revoked:jti:a", "revoked.epoch")
        let text = metrics(bench)
        #expect(text.contains("revoked_checks_total{verdict=\"hit\"} 2\n"))
        #expect(text.contains("revoked_checks_total{verdict=\"miss\"} 1\n"))
        #expect(text.contains("revoked_plain_lookups_total{result=\"hit\"} 1\n"))
        #expect(text.contains("revoked_plain_lookups_total{result=\"miss\"} 2\n"))
        #expect(bench.ask("INFO", "stats").contains("keyspace_hits:3\r\nkeyspace_misses:3\r\n"))
    }

    @Test func commandsAndErrorsAreUnderRedisNames() {
        let bench = SessionBench { $0.adminPassword = "secret" }
        _ = bench.ask("GET", "k")
        _ = bench.ask("GET")
        _ = bench.ask("NOSUCH")
        _ = bench.ask("EXPIRE", "k", "abc")
        _ = bench.ask("FLUSHALL")
        let information = bench.ask("INFO", "all").replacing(/usec=\d+,usec_per_call=\d+\.\d\d/, with: "times")
        #expect(information.contains("cmdstat_get:calls=1,times,rejected_calls=1,failed_calls=0\r\n"))
        #expect(information.contains("cmdstat_expire:calls=1,times,rejected_calls=0,failed_calls=1\r\n"))
        #expect(information.contains("cmdstat_flushall:calls=0,times,rejected_calls=1,failed_calls=0\r\n"))
        #expect(information.contains("errorstat_ERR:count=3\r\nerrorstat_NOPERM:count=1\r\n"))
        #expect(information.contains("total_error_replies:4\r\n"))
        #expect(information.contains("total_commands_processed:2\r\n"))
        #expect(!bench.ask("INFO").contains("cmdstat_"))
        #expect(bench.ask("INFO", "commandstats").hasPrefix("$"))
        let text = metrics(bench)
        #expect(text.contains("revoked_commands_total{command=\"get\"} 1\n"))
        #expect(text.contains("revoked_commands_rejected_total{command=\"unknown\"} 1\n"))
        #expect(text.contains("revoked_error_replies_total{error=\"NOPERM\"} 1\n"))
    }

    /// As Redis counts them: under their own names, and what is refused for its arguments as such.
    @Test func subcommandsAreCountedByName() throws {
        let bench = SessionBench()
        for words in [
            ["CONFIG", "GET", "port"], ["CONFIG", "GET", "hz"], ["CONFIG", "GET"], ["CONFIG", "SET", "hz", "x"],
            ["CONFIG", "x"], ["COMMAND"], ["COMMAND", "COUNT"], ["MULTI"], ["CONFIG", "GET", "hz"], ["OBJECT", "x"],
            ["CONFIG"], ["DISCARD"], ["EVALSHA", "x", "0"],
        ] { _ = bench.converse([encode(words)]) }
        _ = bench.converse([["MULTI"], ["CONFIG", "GET", "hz"], ["EXEC"]].map { encode($0) })
        let lines = bench.ask("INFO", "commandstats").split(separator: "\r\n").map {
            $0.replacing(/usec.*call=[^,]*,/, with: "")
        }
        func line(_ name: String) -> String? { lines.first { $0.hasPrefix("cmdstat_\(name):") }.map(String.init) }
        #expect(line("config|get") == "cmdstat_config|get:calls=3,rejected_calls=1,failed_calls=0")
        #expect(line("config|set") == "cmdstat_config|set:calls=1,rejected_calls=0,failed_calls=1")
        #expect(line("config") == "cmdstat_config:calls=0,rejected_calls=1,failed_calls=0")
        #expect(line("command") == "cmdstat_command:calls=1,rejected_calls=0,failed_calls=0")
        #expect(line("command|count") == "cmdstat_command|count:calls=1,rejected_calls=0,failed_calls=0")
        #expect(bench.ask("INFO", "latencystats").contains("latency_percentiles_usec_config|get:"))
        #expect(bench.ask("INFO", "errorstats").contains("errorstat_NOSCRIPT:count=1\r\n"))
        _ = bench.ask("CONFIG", "RESETSTAT")
        #expect(!bench.ask("INFO", "commandstats").contains("config|get"))
    }

    /// The first call of each command is timed, and then some of them.
    @Test func callsAreTimed() throws {
        let bench = SessionBench()
        for _ in 0..<300 { _ = bench.ask("SET", "k", String(repeating: "x", count: 1000)) }
        let line = try #require(
            bench.ask("INFO", "commandstats").split(separator: "\r\n").first { $0.hasPrefix("cmdstat_set:") })
        let match = try #require(line.firstMatch(of: /calls=300,usec=(\d+),usec_per_call=(\d+)\.(\d\d),/))
        #expect(Int(match.1)! > 0 && Int(match.2)! + Int(match.3)! > 0)
        let text = bench.ask("INFO", "latencystats")
        #expect(text.contains(/latency_percentiles_usec_set:p50=\d+\.\d{3},p99=\d+\.\d{3},p99\.9=\d+\.\d{3}\r\n/))
        #expect(!bench.ask("INFO").contains("latency_percentiles"))
        _ = bench.ask("CONFIG", "RESETSTAT")
        #expect(!bench.ask("INFO", "all").contains("_set:"))
    }

    @Test func percentilesAreOfTheRightBucket() {
        var histogram = CommandLatencies.Histogram()
        for nanoseconds in 1...1000 { histogram.record(Int64(nanoseconds) * 100) }
        for (percent, nanoseconds) in [(50.0, 50_000), (99, 99_000), (99.9, 99_900), (1, 1_000)] {
            let found = Int(histogram.percentile(percent))
            #expect(found >= nanoseconds && found <= nanoseconds * 9 / 8, "\(percent): \(found)")
        }
        var extremes = CommandLatencies.Histogram()
        for value in [0, 7, 8, Int64.max] { extremes.record(value) }
        #expect(extremes.percentile(1) == 0 && extremes.percentile(50) == 7 && extremes.percentile(100) == Int64.max)
    }

    /// `CONFIG RESETSTAT` is `INFO`'s affair: a counter of Prometheus only rises.
    @Test func resettingStatisticsLeavesTheMetrics() {
        let bench = SessionBench()
        _ = bench.ask("GET", "k")
        #expect(bench.ask("CONFIG", "RESETSTAT") == "+OK\r\n")
        #expect(bench.ask("INFO", "stats").contains("keyspace_misses:0\r\n"))
        _ = bench.ask("GET", "k")
        #expect(bench.ask("INFO", "stats").contains("keyspace_misses:1\r\n"))
        #expect(metrics(bench).contains("revoked_plain_lookups_total{result=\"miss\"} 2\n"))
    }

    @Test func whatAThreadCountedOutlivesIt() {
        let counters = Counters()
        let first = counters.add()
        let second = counters.add()
        first.add(3, to: .bytesIn)
        second.add(4, to: .bytesIn)
        first.batches.record(0.5)
        counters.retire(first)
        second.add(1, to: .bytesIn)
        #expect(counters.totals[.bytesIn] == 8)
        #expect(counters.batches.sum == 0.5)
    }

    @Test func ratesAreOfTheLastSamples() {
        let counters = Counters()
        let thread = counters.add()
        var rates = InstantaneousRates()
        #expect(rates.commands == 0)
        for sample in 0..<100 {
            rates.sample(counters.totals, at: Int64(sample) * 100)
            if sample >= 50 { thread.add(20, to: .calls(0)) }
            thread.add(1024, to: .bytesIn)
        }
        #expect(rates.commands == 200)
        #expect(rates.kibibytesIn == 10)
        #expect(rates.kibibytesOut == 0)
    }
}
