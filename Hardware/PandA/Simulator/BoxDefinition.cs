namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>The blocks that the simulator models, with their fields as the real server lists them.</summary>
/// <remarks>A line is <c>NAME index type : labels or greatest value</c>, one that begins with a plus continues the last. Order, names,
/// indices, labels are those of the recorded
/// introspection of a PandABox (session 02); blocks that have no model here are not listed, so that nothing can be wired to a
/// block that does nothing.</remarks>
internal static class BoxDefinition
{
    /// <summary>What the box is asked first.</summary>
    public const string Identity = "PandA SW: 4.1-simulated FPGA: 3.0.0 00000000 00000000 rootfs: Flyscan";

    /// <summary>Bit outputs in the order of the bit bus.</summary>
    public const string BitBus =
        "TTLIN.VAL INENC.A INENC.B INENC.Z INENC.DATA INENC.CONN PCAP.ACTIVE BITS.OUTA BITS.OUTB BITS.OUTC BITS.OUTD PULSE.OUT "
        + "SEQ.ACTIVE SEQ.OUTA SEQ.OUTB SEQ.OUTC SEQ.OUTD SEQ.OUTE SEQ.OUTF";

    /// <summary>One line a block or a field.</summary>
    public const string Blocks = """
        BLOCK TTLIN 6
        VAL 1 bit_out
        TERM 0 param enum : High-Z|50-Ohm
        BLOCK TTLOUT 10
        VAL 0 bit_mux
        BLOCK PCAP 1
        TS_END 7 ext_out timestamp
        GATE 1 bit_mux
        TS_START 6 ext_out timestamp
        ACTIVE 5 bit_out
        ENABLE 0 bit_mux
        BITS2 12 ext_out bits
        SHIFT_SUM 4 param uint : 8
        BITS0 10 ext_out bits
        BITS3 13 ext_out bits
        TRIG_EDGE 3 param enum : Rising|Falling|Either
        BITS1 11 ext_out bits
        GATE_DURATION 9 ext_out samples
        TS_TRIG 8 ext_out timestamp
        HEALTH 14 read enum : OK|Capture events too close together|Samples overflow
        TRIG 2 bit_mux
        BLOCK INENC 4
        DATA 14 bit_out
        A 11 bit_out
        CONN 15 bit_out
        SETP 9 write int
        ENCODING 2 param enum : Unsigned Binary|Unsigned Gray|Signed Binary|Signed Gray
        HOMED 16 read bit
        CLK 0 bit_mux
        MSB_DISCARD 8 param uint : 31
        LSB_DISCARD 7 param uint : 31
        DCARD_TYPE 19 read enum : DCARD id 0|Encoder Control|DCARD id 2|Encoder Monitor|DCARD id 3|DCARD id 4|DCARD id 5|Unplugged
        VAL 18 pos_out
        Z 13 bit_out
        CLK_SRC 3 param enum : Internally Generated|From CLK
        PROTOCOL 1 param enum : Quadrature|SSI|BISS|enDat
        RST_ON_Z 10 param bit
        CLK_PERIOD 4 param time
        BITS 6 param uint : 63
        HEALTH 17 read enum : OK|Linkup error (=not CONN)|Timeout error (for BISS, SSI)|CRC error (for BISS)|Error bit active (for BISS)
        + |ENDAT not implemented
        B 12 bit_out
        FRAME_PERIOD 5 param time
        BLOCK BITS 1
        A 0 param bit
        C 2 param bit
        OUTA 4 bit_out
        OUTC 6 bit_out
        D 3 param bit
        OUTB 5 bit_out
        OUTD 7 bit_out
        B 1 param bit
        BLOCK SEQ 2
        OUTE 15 bit_out
        OUTD 14 bit_out
        OUTF 16 bit_out
        OUTA 11 bit_out
        OUTC 13 bit_out
        OUTB 12 bit_out
        HEALTH 21 read enum : OK|DMA underrun|Not ready for table
        ENABLE 0 bit_mux
        LINE_REPEAT 19 read uint
        PRESCALE 8 param time
        ACTIVE 10 bit_out
        BITA 1 bit_mux
        STATE 20 read enum : UNREADY|WAIT_ENABLE|WAIT_TRIGGER|PHASE1|PHASE2
        BITC 3 bit_mux
        BITB 2 bit_mux
        TABLE 7 table
        TABLE_REPEAT 17 read uint
        TABLE_LINE 18 read uint
        REPEATS 9 param uint : 4294967295
        POSB 5 pos_mux
        POSC 6 pos_mux
        POSA 4 pos_mux
        BLOCK PULSE 4
        PULSES 4 param uint : 4294967295
        OUT 7 bit_out
        ENABLE 0 bit_mux
        DELAY 2 time
        TRIG 1 bit_mux
        DROPPED 9 read uint
        TRIG_EDGE 6 param enum : Rising|Falling|Either
        WIDTH 3 time
        QUEUED 8 read uint
        STEP 5 time
        """;
}
