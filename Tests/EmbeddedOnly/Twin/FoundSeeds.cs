using Flyscan.Engine.Simulation;
using Flyscan.Twin;
using Xunit;

namespace Flyscan.Tests.EmbeddedOnly.Twin;

/// <summary>Seeds that failed once, with the fewest faults that it took; the words say what was wrong.</summary>
internal static class FoundSeeds
{
    public static TheoryData<string, ulong, object[]> All() => new()
    {
        {
            "an adoption took the programme away from a status query", 4,
            [new TwinFault.KillProcess(new("Flying", 1, 13241766), 1421300675)]
        },
        {
            "a shutter order came twice and closed it in flight", 7,
            [
                new Fault.Duplicate("control", "control/shutter", 9, 238500738),
                new Fault.Delay("control", "control/motion", 23, 198700480),
            ]
        },
        {
            "whole rows of a file that a full disk ended were not taken for recorded", 87,
            [new TwinFault.DiskFull(new("Flying", 2, 434393425), 26120608)]
        },
        {
            "an extra pulse shifted the numbers of frames", 648,
            [new TwinFault.ExtraTrigger(new("Flying", 4, 42777))]
        },
        {
            "an extra pulse shifted the numbers of frames", 1145,
            [
                new TwinFault.ExtraTrigger(new("Flying", 4, 297854)),
                new TwinFault.PowerFailure(new("Flying", 2, 967091972), 472402473),
            ]
        },
        {
            "an extra pulse shifted the numbers of frames", 1833,
            [new TwinFault.ExtraTrigger(new("Enabling", 1, 420264))]
        },
        {
            "a host that was lost before its orders was called faulty", 2694,
            [
                new TwinFault.DeviceHosts(2),
                new TwinFault.KillProcess(new("Flying", 1, 16727023), 197245674),
                new Fault.Lose("control", "host1", 20),
                new Fault.Lose("control", "host2", 37),
                new Fault.Lose("control", "host2", 38),
                new Fault.Duplicate("host1", "control", 22, 186817046),
            ]
        },
        {
            "an extra pulse shifted the numbers of frames", 2979,
            [new TwinFault.ExtraTrigger(new("Enabling", 1, 404454))]
        },
        {
            "an extra pulse shifted the numbers of frames", 3250,
            [new TwinFault.ExtraTrigger(new("Enabling", 2, 471466))]
        },
        {
            "an extra pulse shifted the numbers of frames", 4269,
            [new TwinFault.ExtraTrigger(new("Starting", 2, 4433689))]
        },
        {
            "an extra pulse used up what the camera was armed for, and the next took its place", 4486,
            [new TwinFault.ExtraTrigger(new("Enabling", 1, 422924))]
        },
        {
            "an extra pulse shifted the numbers of frames", 4749,
            [new TwinFault.ExtraTrigger(new("Flying", 3, 1854950))]
        },
        {
            "an extra pulse used up what the camera was armed for, and the next took its place", 5968,
            [new TwinFault.ExtraTrigger(new("Enabling", 1, 162496))]
        },
        {
            "an extra pulse shifted the numbers of frames", 6453,
            [
                new TwinFault.BeamDump(new("AwaitingRecords", 1, 41842), 170988578),
                new TwinFault.ExtraTrigger(new("Flying", 3, 489881)),
            ]
        },
        {
            "an extra pulse shifted the numbers of frames", 6757,
            [new TwinFault.ExtraTrigger(new("Starting", 1, 2955445))]
        },
        {
            "an extra pulse shifted the numbers of frames", 7397,
            [new TwinFault.ExtraTrigger(new("Flying", 1, 428812))]
        },
        {
            "an extra pulse used up what the camera was armed for, and the next took its place", 7467,
            [
                new TwinFault.CameraKnownBy("stamps"),
                new TwinFault.MissFrames(new("Starting", 1, 392792), 5),
                new TwinFault.BeamDump(new("Flying", 1, 14691584), 151977252),
                new TwinFault.ExtraTrigger(new("Halting", 2, 1782838)),
                new Fault.FailWrite("control", 32),
                new Fault.Delay("control", "control/panda", 102, 48673258),
                new Fault.FailWrite("control", 47),
            ]
        },
        {
            "an extra pulse shifted the numbers of frames", 7513,
            [new TwinFault.ExtraTrigger(new("Enabling", 1, 4771852))]
        },
        {
            "an extra pulse shifted the numbers of frames", 8371,
            [new TwinFault.ExtraTrigger(new("Enabling", 2, 1028588))]
        },
        {
            "an extra pulse used up what the camera was armed for, and the next took its place", 8544,
            [new TwinFault.ExtraTrigger(new("Starting", 1, 184852))]
        },
        {
            "an extra pulse shifted the numbers of frames", 8950,
            [new TwinFault.ExtraTrigger(new("Enabling", 1, 561063))]
        },
        {
            "an extra pulse shifted the numbers of frames", 9444,
            [new TwinFault.ExtraTrigger(new("Starting", 1, 62009))]
        },
        {
            "an extra pulse used up what the camera was armed for, and the next took its place", 9518,
            [
                new TwinFault.ExtraTrigger(new("Staging", 2, 4073634)),
                new TwinFault.KillAll(new("Enabling", 1, 146879), 4860150219),
            ]
        },
        { "an enable came twice", 40, [new Fault.Duplicate("control", "control/panda", 4, 219942267)] },
        { "safety cut an exposure and closed the shutter on others", 57, [new TwinFault.Cut(new("Starting", 1, 17911283), "cam")] },
        { "a load came twice", 66, [new Fault.Duplicate("control", "control/motion", 0, 64922502)] },
        { "a move came twice", 136, [new Fault.Duplicate("control", "control/z", 0, 76735373)] },
        {
            "a staging that nobody heard of refused the next", 178,
            [new TwinFault.KillSupervisor(new("Staging", 1, 329119), 786208251)]
        },
        {
            "extents of one recorder overlapped", 187,
            [
                new Fault.Delay("control", "control/motion", 0, 245502188),
                new Fault.Duplicate("control", "control/panda", 2, 130515156),
            ]
        },
        {
            "a successor beside a living driver recorded every sample twice", 200,
            [new TwinFault.KillSupervisor(new("Enabling", 1, 17188), 86452481)]
        },
        {
            "devices lost while aborting were left staged", 225,
            [new TwinFault.Silence(new("Starting", 1, 47768), 189672696), new TwinFault.Abort(new("Enabling", 1, 29395117))]
        },
        {
            "a resume that was refused waited for ever", 232,
            [
                new TwinFault.KillAll(new("AwaitingRecords", 1, 80815), 164599728),
                new TwinFault.Silence(new("AwaitingRecords", 2, 140288), 472630118),
            ]
        },
        {
            "a predecessor's move refused the next", 446,
            [new TwinFault.KillSupervisor(new("Connecting", 1, 10474732), 3638310)]
        },
        { "the camera's exposure was not put back after an unanswered staging", 498, [new Fault.FailWrite("control", 2)] },
        {
            "devices lost while unstaging ended the scan", 609,
            [new TwinFault.Silence(new("Unstaging", 1, 11844), 1682351872)]
        },
        {
            "a loss heard after the answers to unstaging ended the scan", 615,
            [
                new TwinFault.Silence(new("AwaitingRecords", 1, 6525894), 208928341),
                new Fault.Delay("control", "control/panda", 27, 75983981),
            ]
        },
        {
            "an unstaging that was cut off left the camera's exposure", 812,
            [new TwinFault.Silence(new("Staging", 1, 136264), 744909071)]
        },
        {
            "a successor took a loss for a fault", 127,
            [
                new TwinFault.Cut(new("Preparing", 1, 132324), "control"),
                new TwinFault.KillSupervisor(new("MakingSafe", 1, 284740), 45896999),
            ]
        },
        {
            "a take was armed while the old table still fired", 156,
            [
                new TwinFault.Cut(new("Flying", 2, 6980277), "data"),
                new TwinFault.KillProcess(new("MakingSafe", 1, 4692778), 38695712),
            ]
        },
        { "an abort while staging left the camera staged", 506, [new TwinFault.Abort(new("Staging", 1, 11338))] },
        { "a box that was staged when nobody waited for it any more stayed so", 1544, [new TwinFault.Abort(new("Staging", 1, 485112))] },
        {
            "a segment that a dying adopter opened was taken for the one before", 1667,
            [
                new TwinFault.KillProcess(new("Starting", 2, 199342), 132667943),
                new TwinFault.KillSupervisor(new("Adopting", 1, 146659), 68092929),
                new TwinFault.Pause(new("Flying", 1, 9942592), 505701206),
            ]
        },
        {
            "a loss before the device's actor was there was never heard", 711,
            [
                new TwinFault.KillProcess(new("Starting", 1, 250384), 111795808),
                new TwinFault.Cut(new("Connecting", 2, 1076496), "shutter"),
            ]
        },
        {
            "a rewind while the next take was prepared left an outer axis where that wanted it", 2336,
            [
                new TwinFault.Pause(new("Flying", 2, 19015), 9304442),
                new TwinFault.Silence(new("Held", 2, 109349), 6402977802),
                new TwinFault.BeamDump(new("Flying", 3, 262670), 136079707),
                new Fault.DelayWrite("control", 20, 65781332),
            ]
        },
        {
            "a rewind while the next take was prepared left an outer axis where that wanted it", 2565,
            [
                new TwinFault.PowerFailure(new("Starting", 1, 126000), 1924117876),
                new TwinFault.BeamDump(new("Starting", 2, 318351), 2972518),
            ]
        },
        {
            "a rewind while the next take was prepared left an outer axis where that wanted it", 3387,
            [
                new TwinFault.BeamDump(new("Flying", 1, 25301208), 1791051369),
                new Fault.Delay("control", "control/motion", 0, 222960958),
            ]
        },
        {
            "a rewind while the next take was prepared left an outer axis where that wanted it", 3892,
            [new TwinFault.BeamDump(new("Flying", 1, 7666234), 811570427)]
        },
        {
            "a rewind while the next take was prepared left an outer axis where that wanted it", 5295,
            [new TwinFault.BeamDump(new("Flying", 1, 27797915), 229620000)]
        },
        {
            "a rewind while the next take was prepared left an outer axis where that wanted it", 5840,
            [new TwinFault.BeamDump(new("Starting", 1, 760239), 120225459)]
        },
        {
            "a rewind while the next take was prepared left an outer axis where that wanted it", 6115,
            [new TwinFault.BeamDump(new("Flying", 1, 13603064), 127187534)]
        },
        {
            "a rewind while the next take was prepared left an outer axis where that wanted it", 6283,
            [new TwinFault.BeamDump(new("Flying", 1, 6609795), 139263863)]
        },
        {
            "a rewind while the next take was prepared left an outer axis where that wanted it", 6538,
            [new TwinFault.BeamDump(new("Flying", 2, 25786333), 231256195)]
        },
        {
            "a rewind while the next take was prepared left an outer axis where that wanted it", 6719,
            [
                new TwinFault.BeamDump(new("Flying", 1, 436958), 173809070),
                new TwinFault.BeamDump(new("Held", 1, 21361605), 47112869),
            ]
        },
        {
            "a rewind while the next take was prepared left an outer axis where that wanted it", 8359,
            [new TwinFault.BeamDump(new("Starting", 2, 2570251), 240603479)]
        },
        {
            "a start that was under way moved axes after the others were safe", 6523,
            [
                new TwinFault.Cut(new("Starting", 2, 161328), "control"),
                new Fault.Delay("control", "control/motion", 14, 204385706),
            ]
        },
        {
            "drivers on a host that lived on were never connected again", 19,
            [
                new TwinFault.DeviceHosts(1),
                new TwinFault.KillAll(new("Connecting", 1, 3016674), 18199313),
            ]
        },
        {
            "drivers on two hosts were never connected again after a power failure", 37,
            [
                new TwinFault.DeviceHosts(2),
                new TwinFault.KillProcess(new("Enabling", 1, 4236464), 47837198),
                new TwinFault.PowerFailure(new("Enabling", 2, 4215156), 4410924465),
                new Fault.Delay("control", "host2", 0, 157554035),
                new Fault.DelayWrite("control", 2, 766752649),
                new Fault.Delay("control", "host1", 9, 266934259),
            ]
        },
        {
            "drivers on two hosts were never connected again after everything died", 41,
            [
                new TwinFault.DeviceHosts(2),
                new TwinFault.KillAll(new("Preparing", 2, 722158134), 3252388197),
                new Fault.Lose("control", "host2", 81),
                new Fault.Lose("control", "host2", 125),
                new Fault.Lose("control", "host1", 77),
            ]
        },
        {
            "drivers on two hosts were never connected again while the scan was held", 44,
            [
                new TwinFault.DeviceHosts(2),
                new TwinFault.KillAll(new("Held", 1, 374968), 1092020251),
            ]
        },
        {
            "a sequencer that was halted before its last pulse was taken for one that had ended", 59,
            [
                new TwinFault.DeviceHosts(2),
                new TwinFault.BeamDump(new("Flying", 1, 23825645), 676113577),
                new TwinFault.KillProcess(new("Halting", 1, 497629), 70552241),
            ]
        },
        {
            "a suspender whose host fell silent left the scan waiting for ever", 590,
            [
                new TwinFault.DeviceHosts(1),
                new TwinFault.Silence(new("Connecting", 1, 224393), 4372642060),
            ]
        },
        {
            "a suspender whose host came late left the scan waiting for ever", 2041,
            [
                new TwinFault.DeviceHosts(1),
                new TwinFault.PowerFailure(new("Held", 1, 121591), 4852647651),
            ]
        },
        {
            "a suspender whose host died while it held left the scan waiting for ever", 2152,
            [
                new TwinFault.DeviceHosts(2),
                new TwinFault.BeamDump(new("Starting", 1, 251152), 2999811777),
                new TwinFault.KillHost(new("Held", 2, 24894902), 2, 2702687799),
            ]
        },
        {
            "answers went to whoever sent a stale order through a proxy", 1027,
            [
                new TwinFault.DeviceHosts(2),
                new TwinFault.KillSupervisor(new("Enabling", 1, 2728561), 81482639),
                new TwinFault.Partition(new("Flying", 1, 25062940), 1, 534833902),
                new TwinFault.StaleOrders(new("Flying", 2, 339205)),
            ]
        },
        {
            "answers while preparing went to whoever sent a stale order through a proxy", 2237,
            [
                new TwinFault.DeviceHosts(2),
                new TwinFault.KillSupervisor(new("Flying", 2, 6076520), 580291379),
                new TwinFault.StaleOrders(new("Flying", 4, 353114823)),
            ]
        },
        {
            "devices that a new process had not ordered anything had no lease", 1870,
            [
                new TwinFault.KillProcess(new("Flying", 1, 322576), 1412987585),
                new TwinFault.KillSupervisor(new("Connecting", 2, 1442168), 29000000000),
            ]
        },
        {
            "a shutter that a new process had not ordered anything had no lease", 2105,
            [
                new TwinFault.KillProcess(new("Starting", 2, 2376935), 1410545720),
                new TwinFault.MissFrames(new("Down", 1, 158602), 6),
                new TwinFault.KillSupervisor(new("AwaitingRecords", 1, 373785047), 20000000000),
            ]
        },
        {
            "a shutter that an adopting supervisor had not ordered anything had no lease", 2398,
            [
                new TwinFault.KillProcess(new("Flying", 1, 84825597), 109846159),
                new TwinFault.KillSupervisor(new("Adopting", 1, 670301), 28000000000),
            ]
        },
    };
}
