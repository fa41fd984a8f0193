using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;

namespace Flyscan.Hardware.Epics.PvAccess.Server;

/// <summary>A field of a record as QSRV serves it: NTScalar, NTScalarArray or NTEnum.</summary>
/// <remarks><b>Source</b> recorded sessions of QSRV 1: names, order and types of all fields.</remarks>
internal sealed class PvaRecord : PvaServed
{
    private const string Refused = "Put not permitted";

    private static readonly PvaType.Scalar Int = new(PvaScalar.Int32);
    private static readonly PvaType.Scalar Double = new(PvaScalar.Float64);
    private static readonly PvaType.Scalar Text = new(PvaScalar.Text);

    private static readonly PvaType.Structure EnumType = PvaType.Of(
        "enum_t", ("index", Int), ("choices", new PvaType.ScalarArray(PvaScalar.Text)));

    private static readonly PvaType.Structure AlarmType = PvaType.Of("alarm_t", ("severity", Int), ("status", Int), ("message", Text));

    private static readonly PvaType.Structure StampType = PvaType.Of(
        ("secondsPastEpoch", new PvaType.Scalar(PvaScalar.Int64)), ("nanoseconds", Int), ("userTag", Int));

    private static readonly PvaType.Structure DisplayType = PvaType.Of(
        ("limitLow", Double), ("limitHigh", Double), ("description", Text), ("units", Text), ("precision", Int), ("form", EnumType));

    private static readonly PvaType.Structure ControlType = PvaType.Of(
        "control_t", ("limitLow", Double), ("limitHigh", Double), ("minStep", Double));

    private static readonly PvaType.Structure LimitsType = PvaType.Of(
        "valueAlarm_t", ("active", new PvaType.Scalar(PvaScalar.Boolean)), ("lowAlarmLimit", Double), ("lowWarningLimit", Double),
        ("highWarningLimit", Double), ("highAlarmLimit", Double), ("lowAlarmSeverity", Int), ("lowWarningSeverity", Int),
        ("highWarningSeverity", Int), ("highAlarmSeverity", Int), ("hysteresis", new PvaType.Scalar(PvaScalar.Int8)));

    private static readonly PvaValue.Structure NoForm = new(EnumType,
    [
        PvaValue.Whole.Zero,
        new PvaValue.Array<string>(["Default", "String", "Binary", "Decimal", "Hex", "Exponential", "Engineering"]),
    ]);

    private readonly ServedPv _pv;
    private PvMetadata _metadata;
    private bool _isOld;

    public PvaRecord(ServedPv pv)
        : base($"{pv.Record.Name}.{pv.Field}", First(pv))
    {
        (_pv, _metadata) = (pv, pv.Metadata);
        Written = Put;
        pv.Posted += () =>
        {
            // Nobody looks: it is made when somebody does.
            _isOld = !IsFollowed;
            if (!_isOld)
                Post(Now());
        };
    }

    public override PvaValue.Structure Value
    {
        get
        {
            if (_isOld)
            {
                _isOld = false;
                Post(Now());
            }
            return base.Value;
        }
    }

    private static PvaValue.Structure First(ServedPv pv)
    {
        if (pv.Native == Dbr.Enum && pv.Most == 1)
            return new PvaValue.Structure(
                PvaType.Of("epics:nt/NTEnum:1.0", ("value", EnumType), ("alarm", AlarmType), ("timeStamp", StampType)),
                [Content(pv, EnumType), Alarm(pv), Stamp(pv)]);
        var kind = KindOf(pv.Native);
        PvaType type = pv.Most == 1 ? new PvaType.Scalar(kind) : new PvaType.ScalarArray(kind);
        return new PvaValue.Structure(
            PvaType.Of(
                pv.Most == 1 ? "epics:nt/NTScalar:1.0" : "epics:nt/NTScalarArray:1.0", ("value", type), ("alarm", AlarmType),
                ("timeStamp", StampType), ("display", DisplayType), ("control", ControlType), ("valueAlarm", LimitsType)),
            [Content(pv, type), Alarm(pv), Stamp(pv), Display(pv.Metadata), Control(pv.Metadata), Limits(pv.Metadata)]);
    }

    private static PvaScalar KindOf(ushort native) => native switch
    {
        Dbr.Short => PvaScalar.Int16,
        Dbr.Float => PvaScalar.Float32,
        Dbr.Enum => PvaScalar.UInt16,
        Dbr.Char => PvaScalar.Int8,
        Dbr.Long => PvaScalar.Int32,
        Dbr.Double => PvaScalar.Float64,
        _ => PvaScalar.Text,
    };

    private PvaValue.Structure Now()
    {
        var before = base.Value;
        var fields = (PvaValue[])before.Fields.Clone();
        fields[0] = Content(_pv, before.Type.Members[0].Type);
        fields[1] = Alarm(_pv);
        fields[2] = Stamp(_pv);
        if (!ReferenceEquals(_metadata, _pv.Metadata) && fields.Length > 3)
            (fields[3], fields[4], fields[5]) = (Display(_pv.Metadata), Control(_pv.Metadata), Limits(_pv.Metadata));
        _metadata = _pv.Metadata;
        return new PvaValue.Structure(before.Type, fields);
    }

    private void Put(PvaChange change, bool waits, Action<PvaStatus> done)
    {
        var value = PvaNormative.ValueOf(change.Value);
        if (value is PvValue.Array<sbyte> characters)
            value = new PvValue.Array<byte>(Array.ConvertAll(characters.Items, c => (byte)c));
        if (!_pv.IsWritable)
            done(PvaStatus.Error(Refused));
        else if (!change.Bits.AnyOf(0, 1 + change.Value.Type.Members[0].Type.Bits))
            done(PvaStatus.Ok);
        else if (waits)
            _pv.Record.PutWithCompletion(_pv, value, status => done(StatusOf(status)));
        else
            done(StatusOf(_pv.Write(value, static () => { })));
    }

    private static PvaStatus StatusOf(uint status) => status == CaStatus.Normal ? PvaStatus.Ok : PvaStatus.Error(CaStatus.Text(status));

    /// <summary>The value in its type; what the record holds fits it, as it was made for it.</summary>
    private static PvaValue Content(ServedPv pv, PvaType type)
    {
        if (type is PvaType.Structure)
            return new PvaValue.Structure(EnumType,
            [
                new PvaValue.Whole((long)pv.Value.AsNumber()),
                new PvaValue.Array<string>([.. pv.Metadata.Choices]),
            ]);
        return PvaPut.Convert(pv.Value, type) ?? PvaValue.Default(type);
    }

    private static PvaValue.Structure Alarm(ServedPv pv) => new(AlarmType,
    [
        new PvaValue.Whole((long)pv.Alarm.Severity),
        new PvaValue.Whole(Math.Abs(pv.Alarm.Status)),
        new PvaValue.Text(pv.Alarm.StatusName),
    ]);

    private static PvaValue.Structure Stamp(ServedPv pv)
    {
        var ns = pv.StampNs ?? 631_152_000L * 1_000_000_000;
        return new PvaValue.Structure(
            StampType, [new PvaValue.Whole(ns / 1_000_000_000), new PvaValue.Whole(ns % 1_000_000_000), PvaValue.Whole.Zero]);
    }

    private static PvaValue.Structure Display(PvMetadata m) => new(DisplayType,
    [
        Limit(m.Display.Low), Limit(m.Display.High), PvaValue.Text.Empty, new PvaValue.Text(m.Units), new PvaValue.Whole(m.Precision ?? 0),
        NoForm,
    ]);

    private static PvaValue.Structure Control(PvMetadata m) =>
        new(ControlType, [Limit(m.Control.Low), Limit(m.Control.High), PvaValue.Number.Zero]);

    private static PvaValue.Structure Limits(PvMetadata m)
    {
        var limits = PvaValue.Default(LimitsType);
        return limits.With("lowAlarmLimit", new PvaValue.Number(m.AlarmLimits.Low))
            .With("highAlarmLimit", new PvaValue.Number(m.AlarmLimits.High))
            .With("lowWarningLimit", new PvaValue.Number(m.WarningLimits.Low))
            .With("highWarningLimit", new PvaValue.Number(m.WarningLimits.High));
    }

    /// <summary>QSRV says 0 where a record states no display and control limits.</summary>
    private static PvaValue.Number Limit(double limit) => new(double.IsNaN(limit) ? 0 : limit);
}
