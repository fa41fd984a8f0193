namespace Flyscan.Hardware.Epics.ChannelAccess.Server;

/// <summary>The records of a trajectory scan IOC, by the names that come after the controller's prefix.</summary>
internal sealed class PmacRecords
{
    public const string Letters = "ABCUVWXYZ";
    public const int MostPoints = 10_000;
    private const int LongestMessage = 1_000;

    private static readonly string[] States = ["Done", "Move start", "Executing", "Flyback"];
    private static readonly string[] Statuses = ["Undefined", "Success", "Failure", "Aborted", "Timeout"];

    private readonly IServerTime _time;
    private readonly string _prefix;
    private readonly Action<ServedRecord> _add;
    private readonly Dictionary<string, ServedPv> _pvs = new(StringComparer.Ordinal);

    /// <param name="ports">Names of the coordinate systems, in order of their numbers.</param>
    /// <param name="add">Serves a record.</param>
    public PmacRecords(IServerTime time, string prefix, IReadOnlyList<string> ports, Action<ServedRecord> add)
    {
        (_time, _prefix, _add) = (time, prefix, add);
        Enum("ProfileCsName", [.. ports], 0);
        Enum("ProfileCalcVel", ["NO", "YES"], 0);
        Array("ProfileTimeArray", Dbr.Double);
        Array("UserArray", Dbr.Long);
        Whole("ProfilePointsToBuild", 0);
        foreach (var verb in new[] { "Build", "Append", "Execute" })
        {
            Enum($"Profile{verb}", ["Done", verb], 0);
            ReadOnly(Enum($"Profile{verb}State_RBV", verb == "Execute" ? States : ["Done", "Busy"], 0));
            ReadOnly(Enum($"Profile{verb}Status_RBV", Statuses, 0));
            ReadOnly(Add($"Profile{verb}Message_RBV", Dbr.Char, Characters(""), LongestMessage));
        }
        Whole("ProfileAbort", 0);
        ReadOnly(Whole("TotalPoints_RBV", 0));
        ReadOnly(Add("TscanPercent_RBV", Dbr.Double, new PvValue.Number(0)));
        ReadOnly(Whole("TrajectoryStatus_RBV", 0));
        ReadOnly(Whole("BufferLength_RBV", 0));
        foreach (var letter in Letters)
        {
            Enum($"{letter}:UseAxis", ["No", "Yes"], 0);
            Array($"{letter}:Positions", Dbr.Double);
            Array($"{letter}:Velocities", Dbr.Double);
        }
        for (var number = 1; number <= ports.Count; number++)
        {
            ReadOnly(Add($"CS{number}:Port", Dbr.String, new PvValue.Text(ports[number - 1])));
            Whole($"CS{number}:DeferMoves", 0);
            for (var axis = 1; axis <= Letters.Length; axis++)
                Add($"CS{number}:M{axis}:DirectDemand", Dbr.Double, new PvValue.Number(0));
        }
    }

    public ServedPv this[string record] => _pvs[record];

    public double Number(string record) => _pvs[record].Value.AsNumber();

    public double[] Numbers(string record) => _pvs[record].Value.AsNumbers();

    public string Text(string record) => _pvs[record].Value.AsText();

    /// <summary>Changes a number where it is another, and tells.</summary>
    public void Set(string record, double value)
    {
        var pv = _pvs[record];
        PvValue boxed = pv.Native switch
        {
            Dbr.Enum => new PvValue.Choice((int)value, pv.Metadata.Choices[(int)value]),
            Dbr.Double => new PvValue.Number(value),
            _ => new PvValue.Integer((long)value),
        };
        if (!boxed.Equals(pv.Value))
            pv.Post(boxed, _time.StampNs);
    }

    /// <summary>State, status and message of a busy record's work.</summary>
    public void Say(string verb, string status, string message)
    {
        Set($"Profile{verb}Status_RBV", System.Array.IndexOf(Statuses, status));
        _pvs[$"Profile{verb}Message_RBV"].Post(Characters(message), _time.StampNs);
    }

    public void Enter(string state) => Set("ProfileExecuteState_RBV", System.Array.IndexOf(States, state));

    /// <summary>What a write does beside changing the value.</summary>
    public void On(string record, Action<double, Action> written)
    {
        var pv = _pvs[record];
        pv.Written = (value, complete) =>
        {
            pv.Post(value, _time.StampNs);
            written(value.AsNumber(), complete);
            return CaStatus.Normal;
        };
    }

    private static PvValue.Array<byte> Characters(string text) => new([.. EpicsText.Bytes(text), 0]);

    private static void ReadOnly(ServedPv pv) => pv.IsWritable = false;

    private ServedPv Enum(string name, string[] choices, int index)
    {
        var pv = Add(name, Dbr.Enum, new PvValue.Choice(index, choices[index]));
        pv.Metadata = new PvMetadata(pv.Value, default) { Choices = [.. choices] };
        return pv;
    }

    private ServedPv Whole(string name, int value) => Add(name, Dbr.Long, new PvValue.Integer(value));

    private void Array(string name, ushort native) => Add(name, native, new PvValue.Array<double>([]), MostPoints);

    private ServedPv Add(string name, ushort native, PvValue value, int most = 1)
    {
        var record = new ServedRecord($"{_prefix}:{name}", native == Dbr.Enum ? "mbbo" : most > 1 ? "waveform" : "ao");
        var pv = record.Add("VAL", native, value, most);
        pv.Post(value, _time.StampNs);
        _pvs[name] = pv;
        _add(record);
        return pv;
    }
}
