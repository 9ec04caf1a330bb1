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
        for command in 0..<CounterSlot.mostCommands {
            slots += [CounterSlot.calls(command), .rejections(command), .failures(command)].map(\.index)
        }
        slots.append(CounterSlot.allErrors.index)
        #expect(Set(slots).count == slots.count)
        #expect(slots.allSatisfy { (0..<ThreadCounters.size).contains($0) })
    }

    @Test func everyCommandHasItsCounters() {
        #expect(CommandTable.names.count <= CounterSlot.mostCommands)
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
        let information = bench.ask("INFO", "all")
        #expect(information.contains("cmdstat_get:calls=1,rejected_calls=1,failed_calls=0\r\n"))
        #expect(information.contains("cmdstat_expire:calls=1,rejected_calls=0,failed_calls=1\r\n"))
        #expect(information.contains("cmdstat_flushall:calls=0,rejected_calls=1,failed_calls=0\r\n"))
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
