import TestSupport
import Testing

@testable import Denylist

@Suite struct SipHashTests {
    /// SipHash-1-3 of the bytes 0 … n - 1 under the key 0 … 15, computed by an implementation of the paper that gives
    /// the published SipHash-2-4 vectors.
    private static let vectors: [UInt64] = [
        0xabac_0158_050f_c4dc, 0xc9f4_9bf3_7d57_ca93, 0x82cb_9b02_4dc7_d44d, 0x8bf8_0ab8_e7dd_f7fb,
        0xcf75_5760_88d3_8328, 0xdef9_d52f_4953_3b67, 0xc50d_2b50_c59f_22a7, 0xd392_7d98_9bb1_1140,
        0x3690_9511_8d29_9a8e, 0x25a4_8eb3_6c06_3de4, 0x79de_85ee_92ff_097f, 0x70c1_18c1_f94d_c352,
        0x78a3_84b1_57b4_d9a2, 0x306f_760c_1229_ffa7, 0x605a_a111_c0f9_5d34, 0xd320_d86d_2a51_9956,
        0xcc4f_dd1a_7d90_8b66, 0x9cf2_6890_63db_d80c, 0x8ffc_389c_b473_e63e, 0xf21f_9de5_8d29_7d1c,
        0xc0dc_2f46_a6cc_e040, 0xb992_abfe_2b45_f844, 0x7ffe_7b9b_a320_872e, 0x525a_0e7f_dae6_c123,
        0xf464_aeb2_6734_9c8c, 0x45cd_5928_705b_0979, 0x3a3e_35e3_ca99_13a5, 0xa91d_c74e_4ade_3b35,
        0xfb0b_ed02_ef6c_d00d, 0x88d9_3cb4_4ab1_e1f4, 0x540f_11d6_43c5_e663, 0x2370_dd1f_8c21_d1bc,
        0x8115_7b6c_16a7_b60d, 0x4d54_b9e5_7a8f_f9bf, 0x759f_1278_1f2a_753e, 0xcea1_a3be_bf18_6b91,
        0x2cf5_08d3_ada2_6206, 0xb610_1c2d_a3c3_3057, 0xb3f4_7496_ae3a_36a1, 0x626b_5754_7b10_8392,
        0xc1d2_3632_99e4_1531, 0x667c_c192_3f1a_d944, 0x6570_4ffe_c813_8825, 0x24f2_80d1_c289_49a6,
        0xc2ca_1ced_faf8_876b, 0xc216_4bfc_9f04_2196, 0xa16e_9c93_68b1_d623, 0x49fb_169c_8b51_14fd,
        0x9f31_43f8_df07_4c46, 0xc6fd_af24_12cc_86b3, 0x7eaf_49d1_0a52_098f, 0x1cf3_1355_9d29_2f9a,
        0xc44a_30dd_a2f4_1f12, 0x36fa_e989_43a7_1ed0, 0x318f_b34c_73f0_bce6, 0xa27a_bf36_70a7_e980,
        0xb4bc_c0db_243c_6d75, 0x23f8_d852_fdb7_1513, 0x8f03_5f4d_a67d_8a08, 0xd89c_d0e5_b7e8_f148,
        0xf6f4_e6bc_f7a6_44ee, 0xaec5_9ad8_0f18_37f2, 0xc3b2_f615_4b66_94e0, 0x9d19_9062_b7bb_b3a8,
    ]

    @Test func givesTheKnownHashes() {
        let hashing = SipHash(key: (0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908))
        for (count, expected) in Self.vectors.enumerated() {
            let message = (0..<count).map { UInt8($0) }
            #expect(message.withUnsafeBytes { hashing.hash($0) } == expected, "\(count) bytes")
        }
    }

    @Test func unalignedBytesHashTheSame() {
        let hashing = SipHash(key: (1, 2))
        let bytes = (0..<64).map { UInt8($0) }
        let shifted = [0xFF] + bytes
        #expect(
            bytes.withUnsafeBytes { hashing.hash($0) }
                == shifted.withUnsafeBytes { hashing.hash(UnsafeRawBufferPointer(rebasing: $0[1...])) })
    }

    @Test func everyBitOfACompactKeyCounts() {
        let hashing = SipHash(key: (1, 2))
        var seen: Set<UInt64> = [hashing.hash(0, 0, kind: 0), hashing.hash(0, 0, kind: 1)]
        for bit in 0..<64 {
            seen.insert(hashing.hash(1 << UInt64(bit), 0, kind: 0))
            seen.insert(hashing.hash(0, 1 << UInt64(bit), kind: 0))
        }
        #expect(seen.count == 130)
    }
}

/// A client without the secret key cannot choose colliding keys.
@Suite struct HashFloodTests {
    /// Keys whose hashes begin with the same 8 bits if the hash's key is 0.
    private func collidingKeys(_ count: Int) -> [String] {
        let known = Denylist.make { $0.hashKey = (0, 0) }
        var generator = SeededGenerator(seed: 7)
        var keys: [String] = []
        while keys.count < count {
            let key = "revoked:jti:" + randomUUID(&generator)
            if known.hash(of: key.utf8.span.bytes).value >> 55 == 1 { keys.append(key) }
        }
        return keys
    }

    @Test func keysMadeToCollideAreSpread() {
        let keys = collidingKeys(600)
        let denylist = Denylist()
        var starts: [UInt64: Int] = [:]
        for key in keys { starts[denylist.hash(of: key.utf8.span.bytes).value >> 55, default: 0] += 1 }
        // 600 keys in 256 places: more than 20 in one has a probability below 10⁻¹⁰.
        #expect(starts.values.max()! <= 20)
    }

    @Test func keysThatDoCollideAreStillFound() {
        let keys = collidingKeys(600)
        let denylist = Denylist.make(shards: 64) { $0.hashKey = (0, 0) }
        for key in keys { denylist.set(key) }
        for key in keys { #expect(denylist.get(key) == "logout") }
        #expect(denylist.statistics.entries == 600)
    }

    @Test func eachDenylistHasItsOwnKey() {
        let key = "revoked:jti:x"
        #expect(Denylist().hash(of: key.utf8.span.bytes).value != Denylist().hash(of: key.utf8.span.bytes).value)
    }
}
